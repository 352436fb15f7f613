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
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = try unsafe Picture(bytes, "PNG", size: mng_png_size, decode: mng_png_decode)
    } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = try unsafe Picture(bytes, "JPEG", size: mng_jpeg_size, decode: mng_jpeg_decode)
    } else {
      throw DataError(
        .unknownFormat, "is neither a PNG nor a JPEG picture",
        remedy: "convert the picture to one of these")
    }
  }

  private typealias SizeReader = (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<mng_picture_size>?,
    UnsafeMutablePointer<CChar>?
  ) -> Int32
  private typealias Decoder = (
    UnsafePointer<UInt8>?, Int, mng_picture_size, UnsafeMutablePointer<UInt8>?,
    UnsafeMutablePointer<CChar>?
  ) -> Int32

  private init(
    _ bytes: Bytes, _ kind: String, size readSize: SizeReader, decode: Decoder
  ) throws {
    var size = mng_picture_size()
    var message = [CChar](repeating: 0, count: Int(MNG_PICTURE_MESSAGE))
    let status = unsafe bytes.withUnsafeBytes { raw in
      unsafe readSize(
        raw.assumingMemoryBound(to: UInt8.self).baseAddress, raw.count, &size, &message)
    }
    guard status == 0 else { throw Self.error(kind, message) }
    let (width, height) = (Int(size.width), Int(size.height))
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, count <= Self.maximumPixelCount else {
      throw DataError(
        .limitExceeded, "a picture of \(width)×\(height) pixels",
        expected: "at most \(Self.maximumPixelCount) pixels")
    }
    var decoded: Int32 = 0
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: count * 3) { target, filled in
      unsafe target.initialize(repeating: 0)
      filled = count * 3
      unsafe bytes.withUnsafeBytes { raw in
        decoded = unsafe decode(
          raw.assumingMemoryBound(to: UInt8.self).baseAddress, raw.count, size, target.baseAddress,
          &message)
      }
    }
    guard decoded == 0 else { throw Self.error(kind, message) }
    self.init(width: width, height: height, pixels: pixels)
  }

  private static func error(_ kind: String, _ message: [CChar]) -> DataError {
    let text = String(
      decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return DataError(.malformed, "the \(kind) picture cannot be read: \(text)")
  }
}
