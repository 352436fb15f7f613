import BinaryIO
import CLibZip

/// The C face of libzip, opened over an archive in memory to unpack entries.
struct ZipInflater {
  private let archive: ZipArchive

  init(_ archive: ZipArchive) { self.archive = archive }

  /// The first `count` unpacked bytes of `entry`, after libzip's view of it agreed with ours.
  /// - Throws: `.malformed` for broken data, `.unsupported` for a packing method that is not deflate.
  func bytes(of entry: ZipEntry, count: Int) throws -> Bytes {
    if case .other(let method) = entry.method {
      throw DataError(.unsupported, "is packed by method \(method)", expected: "stored or deflated")
    }
    return try unsafe archive.bytes.withUnsafeBytes { whole in
      let handle = try unsafe ZipInflater.open(whole)
      defer { unsafe zip_discard(handle) }
      try unsafe ZipInflater.check(handle, entry)
      guard let file = unsafe zip_fopen_index(handle, UInt64(entry.index), 0) else {
        throw unsafe DataError(.malformed, "cannot be unpacked: \(ZipInflater.message(handle))")
      }
      defer { unsafe _ = zip_fclose(file) }
      return try unsafe Bytes(byteCount: count) { target in
        var filled = 0
        while filled < count {
          let n = unsafe zip_fread(file, target.baseAddress! + filled, UInt64(count - filled))
          guard n > 0 else {
            throw DataError(.malformed, "its packed data are broken after \(filled) bytes")
          }
          filled += Int(n)
        }
      }
    }
  }

  private static func open(_ whole: UnsafeRawBufferPointer) throws -> OpaquePointer {
    var error = unsafe zip_error()
    unsafe zip_error_init(&error)
    defer { unsafe zip_error_fini(&error) }
    guard
      let source = unsafe zip_source_buffer_create(
        whole.baseAddress, UInt64(whole.count), 0, &error)
    else { throw DataError(.malformed, "cannot be unpacked: no memory") }
    guard let handle = unsafe zip_open_from_source(source, ZIP_RDONLY, &error) else {
      unsafe zip_source_free(source)
      throw unsafe DataError(
        .malformed, "the ZIP archive is broken: \(String(cString: zip_error_strerror(&error)))")
    }
    return unsafe handle
  }

  private static func check(_ handle: OpaquePointer, _ entry: ZipEntry) throws {
    var status = unsafe zip_stat_t()
    guard unsafe zip_stat_index(handle, UInt64(entry.index), 0, &status) == 0,
      unsafe status.size == entry.size, unsafe status.comp_size == entry.compressedSize,
      unsafe status.comp_method == entry.method.code
    else { throw DataError(.malformed, "two readings of the ZIP directory differ") }
  }

  private static func message(_ handle: OpaquePointer) -> String {
    unsafe String(cString: zip_strerror(handle))
  }
}
