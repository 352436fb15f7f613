import BinaryIO
import CPictures

extension Picture {
  /// The picture as a JPEG file.
  ///
  /// - Parameter quality: 1 to 100.
  /// - Throws: `.unsupported` for a picture of no pixels, or of more than 65500 a side, which JPEG does not have.
  public func jpeg(quality: Int = 85) throws -> [UInt8] {
    precondition((1...100).contains(quality), "a quality of \(quality)")
    guard let width = UInt32(exactly: width), let height = UInt32(exactly: height) else {
      return []
    }
    var message = [CChar](repeating: 0, count: Int(MNG_PICTURE_MESSAGE))
    var count = 0
    var status: Int32 = 0
    // Tables and, of noise at the best quality, more than there was
    let capacity = 2 * pixels.count + 4096
    let file = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, filled in
      unsafe target.initialize(repeating: 0)
      unsafe pixels.withUnsafeBufferPointer { rgb in
        unsafe status = mng_jpeg_encode(
          rgb.baseAddress, mng_picture_size(width: width, height: height), Int32(quality),
          target.baseAddress, capacity, &count, &message)
      }
      filled = status == 0 ? count : 0
    }
    guard status == 0 else {
      let text = String(
        decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw DataError(.unsupported, "cannot be written as JPEG: \(text)")
    }
    return file
  }

  /// The picture made to fit a square, never larger than it is.
  public func thumbnail(_ side: Int) -> Picture {
    let largest = max(width, height)
    guard largest > side else { return self }
    return resized(
      width: max(1, width * side / largest), height: max(1, height * side / largest), .bilinear)
  }
}
