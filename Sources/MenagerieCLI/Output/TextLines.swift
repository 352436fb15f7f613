import BinaryIO

/// Texts in a file, one a line.
enum TextLines {
  /// The lines, without what ends them; what is no UTF-8 in them becomes U+FFFD.
  static func read(_ path: String) throws -> [String] {
    guard System.byteCount(path) > 0 || System.isDirectory(path) != false else { return [] }
    let bytes = try MappedFile(path: path).bytes.array
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
      String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
