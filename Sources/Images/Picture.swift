import BinaryIO
import CPictures

/// A picture in 8-bit red, green and blue, row by row.
public struct Picture: Sendable, Hashable {
  public let width: Int
  public let height: Int
  /// `height · width · 3` bytes.
  public let pixels: [UInt8]

  /// The most pixels that a picture from a file may have.
  public static let maximumPixelCount = 100_000_000

  /// Traps when there are not `height · width · 3` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      pixels.count == width * height * 3, "\(pixels.count) bytes for \(width)×\(height) pixels")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

extension Picture {
  /// Reads a PNG or JPEG file.
  ///
  /// Pixels are PIL's `convert("RGB")`: grey repeated, transparency dropped, orientation tags not applied.
  /// - Throws: `DataError` with the file named.
  public init(contentsOf path: String) throws {
    self = try namingFile(path) { try Picture(decoding: try MappedFile(path: path).bytes) }
  }

  /// Reads the bytes of a PNG or JPEG file.
  /// - Throws: `.unknownFormat`, `.malformed` (also when cut short), `.limitExceeded`.
  public init(decoding bytes: Bytes) throws {
    let kind = try Kind(of: bytes)
    let size = try Picture.size(kind, bytes)
    let (width, height) = (Int(size.width), Int(size.height))
    var message = Picture.noMessage
    var status: Int32 = 0
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: width * height * 3) {
      target, filled in
      unsafe target.initialize(repeating: 0)
      filled = width * height * 3
      unsafe bytes.withUnsafeBytes { raw in
        let start = unsafe raw.assumingMemoryBound(to: UInt8.self).baseAddress
        status =
          kind == .png
          ? unsafe mng_png_decode(start, raw.count, size, target.baseAddress, &message)
          : unsafe mng_jpeg_decode(start, raw.count, size, target.baseAddress, &message)
      }
    }
    guard status == 0 else { throw Picture.error(kind, message) }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// Width and height as the head of a PNG or JPEG file says, without decoding the pixels.
  /// - Throws: `.unknownFormat`, `.malformed`, `.limitExceeded`.
  public static func size(of bytes: Bytes) throws -> Preprocessing.Size {
    let size = try size(try Kind(of: bytes), bytes)
    return Preprocessing.Size(height: Int(size.height), width: Int(size.width))
  }

  private enum Kind: String {
    case png = "PNG"
    case jpeg = "JPEG"

    init(of bytes: Bytes) throws {
      if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
        self = .png
      } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
        self = .jpeg
      } else {
        throw DataError(
          .unknownFormat, "is neither a PNG nor a JPEG picture",
          remedy: "convert the picture to one of these")
      }
    }
  }

  private static let noMessage = [CChar](repeating: 0, count: Int(MNG_PICTURE_MESSAGE))

  private static func size(_ kind: Kind, _ bytes: Bytes) throws -> mng_picture_size {
    var size = mng_picture_size()
    var message = noMessage
    let status = unsafe bytes.withUnsafeBytes { raw in
      let start = unsafe raw.assumingMemoryBound(to: UInt8.self).baseAddress
      return kind == .png
        ? unsafe mng_png_size(start, raw.count, &size, &message)
        : unsafe mng_jpeg_size(start, raw.count, &size, &message)
    }
    guard status == 0 else { throw error(kind, message) }
    let (width, height) = (Int(size.width), Int(size.height))
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, count <= maximumPixelCount else {
      throw DataError(
        .limitExceeded, "a picture of \(width)×\(height) pixels",
        expected: "at most \(maximumPixelCount) pixels")
    }
    return size
  }

  private static func error(_ kind: Kind, _ message: [CChar]) -> DataError {
    let text = String(
      decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return DataError(.malformed, "the \(kind.rawValue) picture cannot be read: \(text)")
  }
}
