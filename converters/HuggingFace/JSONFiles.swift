import BinaryIO
import JSON

/// JSON files of a directory, which are small.
enum JSONFiles {
  /// More than any configuration or index needs.
  static let maximumByteCount = 64 << 20

  static func read(_ path: String) throws -> JSONValue {
    let bytes = try MappedFile(path: path).bytes
    guard bytes.count <= maximumByteCount else {
      throw DataError(.limitExceeded, "a JSON file of \(bytes.count) bytes", path: path)
    }
    return try JSONValue(parsing: bytes)
  }

  /// Whether a name stays in its directory.
  static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.contains("/") && !name.contains("\0")
  }
}
