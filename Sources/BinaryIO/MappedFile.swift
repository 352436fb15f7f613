import Glibc

/// A regular file in memory, read by the system page by page as it is touched.
public final class MappedFile: Sendable {
  /// The name that the file was opened by.
  public let path: String
  public let byteCount: Int
  private let mapping: Mapping

  /// Maps the whole file.
  /// - Throws: `.notFound`, `.unreadable` (no permission, a directory, a pipe), `.malformed` when it is empty.
  public init(path: String) throws {
    let descriptor = try MappedFile.open(path)
    defer { close(descriptor) }
    self.path = path
    mapping = try Mapping(descriptor: descriptor, path: path)
    byteCount = mapping.count
  }

  /// Maps `name`, a relative path that somebody's file gave, so that nothing outside `directory` can be reached.
  /// - Throws: as `init(path:)`; also for absolute paths, `..`, symbolic links and files with a second (hard) link.
  public init(contained name: String, in directory: String) throws {
    let path = "\(directory)/\(name)"
    let descriptor = try MappedFile.open(contained: name, in: directory)
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_nlink <= 1 else {
      throw DataError(
        .unreadable, "has a second name elsewhere (a hard link)", path: path,
        remedy: "make it a copy of its own")
    }
    self.path = path
    mapping = try Mapping(descriptor: descriptor, path: path)
    byteCount = mapping.count
  }

  /// All bytes of the file. They stay valid for as long as any slice of them lives.
  public var bytes: Bytes {
    unsafe Bytes(owner: mapping, base: mapping.base, count: byteCount)
  }

  /// Tells the system that the file will be read from front to back, so that it reads ahead.
  public func adviseSequential() { unsafe _ = madvise(mapping.base, byteCount, MADV_SEQUENTIAL) }

  /// Tells the system that all of the file will be wanted soon.
  public func adviseNeeded() { unsafe _ = madvise(mapping.base, byteCount, MADV_WILLNEED) }

  private static func open(_ path: String) throws -> Int32 {
    // O_NONBLOCK: opening a pipe must not wait for its writer
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw errno == ENOENT || errno == ENOTDIR
        ? DataError(.notFound, "no such file", path: path)
        : DataError(.unreadable, "cannot be opened: \(systemMessage())", path: path)
    }
    return descriptor
  }

  /// Opens one component after the other and follows no link.
  private static func open(contained name: String, in directory: String) throws -> Int32 {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false).filter { $0 != "." }
    guard !parts.isEmpty, !parts.contains(""), !parts.contains("..") else {
      throw DataError(
        .malformed, "refers to the file '\(name)'", expected: "one beside it or in a folder below")
    }
    var current = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    for (i, part) in parts.enumerated() where current >= 0 {
      let kind = i == parts.count - 1 ? O_NONBLOCK : O_DIRECTORY
      let next = unsafe openat(current, String(part), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind)
      let failure = errno
      close(current)
      errno = failure
      current = next
    }
    guard current >= 0 else {
      let path = "\(directory)/\(name)"
      throw errno == ENOENT
        ? DataError(.notFound, "no such file", path: path)
        : DataError(
          .unreadable,
          errno == ELOOP || errno == ENOTDIR
            ? "is reached through a symbolic link" : "cannot be opened: \(systemMessage())",
          path: path, remedy: errno == ELOOP ? "put the file itself there" : nil)
    }
    return current
  }
}

/// The text of the C library's last error.
func systemMessage(_ code: Int32 = errno) -> String {
  unsafe String(cString: strerror(code))
}

@safe
final class Mapping: @unchecked Sendable {
  // Sendable: the pages are read-only and `base` is unmapped only with the last reference
  let base: UnsafeMutableRawPointer
  let count: Int

  init(descriptor: Int32, path: String) throws {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw DataError(.unreadable, "cannot be examined: \(systemMessage())", path: path)
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      throw DataError(
        .unreadable, kind == S_IFDIR ? "is a directory" : "is not a regular file",
        expected: "a file", path: path)
    }
    guard status.st_size > 0 else {
      throw DataError(.malformed, "is empty", path: path)
    }
    let address = unsafe mmap(nil, status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw DataError(.unreadable, "cannot be mapped: \(systemMessage())", path: path)
    }
    unsafe base = address
    count = status.st_size
    // What is not in memory yet is read into the system's largest pages, which are read fastest.
    if count >= Mapping.large { unsafe _ = madvise(base, count, MADV_HUGEPAGE) }
  }

  /// Files from here on are worth large pages: smaller ones stay in the caches, or are read once.
  private static let large = 16 << 20

  deinit { unsafe _ = munmap(base, count) }
}
