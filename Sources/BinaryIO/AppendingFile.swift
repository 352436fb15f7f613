import Glibc

/// A file that grows by whole records, each written at once, so that what was written stays when the process is killed.
public final class AppendingFile: Sendable {
  public let path: String
  private let descriptor: Int32

  /// What the file holds already stays.
  /// - Throws: `.unwritable`.
  public init(path: String) throws {
    self.path = path
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
    descriptor = unsafe open(path, flags, 0o644)
    guard descriptor >= 0 else {
      throw DataError(.unwritable, "cannot be written: \(systemMessage())", path: path)
    }
  }

  deinit { _ = close(descriptor) }

  /// - Throws: `.unwritable`, when the disk is full.
  public func append(_ bytes: [UInt8]) throws {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { part in
        unsafe Glibc.write(
          descriptor, UnsafeRawBufferPointer(rebasing: part[done..<part.count]).baseAddress,
          part.count - done)
      }
      guard count > 0 else {
        if count < 0, errno == EINTR { continue }
        throw DataError(.unwritable, "cannot be written: \(systemMessage())", path: path)
      }
      done += count
    }
  }

  /// Forgets all that the file holds.
  public func clear() throws {
    // What has no length, such as a pipe, has nothing to forget
    guard ftruncate(descriptor, 0) == 0 || errno == EINVAL else {
      throw DataError(.unwritable, "cannot be emptied: \(systemMessage())", path: path)
    }
  }

  public func append(_ text: String) throws { try append(Array(text.utf8)) }
}
