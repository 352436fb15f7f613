/// One file of a ZIP archive, as the central directory describes it.
public struct ZipEntry: Sendable, Hashable {
  public let name: String
  /// Its place in the central directory.
  public let index: Int
  public let method: Method
  /// Bytes inside the archive.
  public let compressedSize: Int
  /// Bytes once unpacked.
  public let size: Int
  /// CRC-32 of the unpacked bytes; 0 when the writer did not compute it.
  public let checksum: UInt32
  public let comment: String
  /// Where the local header begins.
  let headerOffset: Int
  /// Whether sizes and checksum in the local header may be missing.
  let hasDataDescriptor: Bool

  public enum Method: Sendable, Hashable {
    case stored, deflated
    /// A method by its number in the specification; listed, but not unpacked.
    case other(UInt16)

    init(_ code: UInt16) {
      self = code == 0 ? .stored : code == 8 ? .deflated : .other(code)
    }

    var code: UInt16 {
      switch self {
      case .stored: 0
      case .deflated: 8
      case .other(let code): code
      }
    }
  }

  /// Whether the bytes lie in the archive as they are, so that they can be viewed in place.
  public var isStored: Bool { method == .stored }
  public var isDirectory: Bool { name.hasSuffix("/") }
}
