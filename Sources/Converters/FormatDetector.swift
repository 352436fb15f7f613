import Archives
import BinaryIO
import Formats

/// Tells a file's format by its content.
public enum FormatDetector {
  public static func format(
    of path: String, among formats: [any ModelFormat]
  ) throws -> any ModelFormat {
    let probe = try probe(path)
    if let format = formats.first(where: { $0.matches(probe) }) { return format }
    throw Strangers.error(probe).inFile(path)
  }

  /// What formats may look at.
  /// - Throws: `.notFound`, `.unreadable`, and what a broken ZIP archive throws.
  public static func probe(_ path: String) throws -> FileProbe {
    if System.isDirectory(path) == true {
      return FileProbe(
        path: path, isDirectory: true, bytes: Bytes(), entries: System.names(in: path))
    }
    let bytes = try MappedFile(path: path).bytes
    let isZip = bytes.starts(with: [0x50, 0x4B, 0x03, 0x04])
    let names = try isZip ? namingFile(path) { try ZipArchive(bytes).entries.map(\.name) } : []
    return FileProbe(path: path, isDirectory: false, bytes: bytes, entries: names)
  }
}
