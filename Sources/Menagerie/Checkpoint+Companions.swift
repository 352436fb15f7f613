import BinaryIO
import Formats
import JSON
import OrderedCollections

extension Checkpoint {
  /// The largest file of JSON, other than a tokenizer, that is read.
  private static let companionLimit = 16 << 20

  /// A small JSON file among those that travel with the weights; nil when there is none.
  func json(companion name: String) throws -> JSONValue? {
    if let known = sidecars[name] { return known }
    guard let bytes = try companions[name]?.bytes() else { return nil }
    guard bytes.count <= Checkpoint.companionLimit else {
      throw DataError(
        .limitExceeded, "\(bytes.count) bytes", expected: "at most \(Checkpoint.companionLimit)",
        subject: name)
    }
    return try namingFile(name) { try JSONValue(parsing: bytes) }
  }
}
