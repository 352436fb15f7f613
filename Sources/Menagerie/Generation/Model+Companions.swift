import BinaryIO
import Formats
import JSON
import OrderedCollections
import Text

extension Model {
  /// The tokenizer that travels with the weights.
  /// - Throws: `.unsupported` when there is none.
  func ownTokenizer() throws -> Tokenizer {
    guard let file = checkpoint.companions["tokenizer.json"] else {
      throw DataError(
        .unsupported, "has no tokenizer", expected: "tokenizer.json beside the weights", path: path,
        remedy: "give the directory that the model was published as")
    }
    return try namingFile(path) { try Tokenizer(json: try file.bytes()) }
  }
}

extension Checkpoint {
  /// The companion of that name as JSON; nil when there is none.
  func json(companion name: String) throws -> JSONValue? {
    guard let file = companions[name] else { return nil }
    return try namingFile(name) { try JSONValue(parsing: try file.bytes()) }
  }
}
