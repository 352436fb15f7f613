import Glibc

/// Writes a sibling temporary file that takes the place of `path` only when all went well.
///
/// Dropped before `commit()`, it removes what it wrote; an older file at `path` stays untouched.
public final class AtomicFileWriter {
  public let path: String
  /// The file that is being written; C libraries that want a name write to this one.
  public let temporaryPath: String
  /// Bytes appended so far.
  public private(set) var position = 0
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var isCommitted = false
  /// What is sent at a time, at multiples of it in the file: the system keeps what it is given so in its largest pages,
  /// from which a mapped file is read fastest (`docs/speed.md`).
  public static let pieceSize = 2 << 20
  /// Files up to this size are waited for.
  private static let soonThere = 16 << 20

  /// - Throws: `.unwritable` when the folder does not exist or does not allow it.
  public init(path: String) throws {
    var status = stat()
    if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw DataError(.unwritable, "is a directory", expected: "a file name", path: path)
    }
    self.path = path
    temporaryPath = "\(path).partial-\(getpid())"
    InterruptedOutputs.add(temporaryPath)
    descriptor = unsafe open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let reason = systemMessage()
      if errno != EEXIST { InterruptedOutputs.remove(temporaryPath) }
      throw DataError(.unwritable, "cannot be written: \(reason)", path: path)
    }
  }

  /// Appends `bytes`; large runs go straight to the system, small ones are gathered.
  public func write(_ bytes: Bytes) throws {
    let head = Swift.min(bytes.count, missing)
    try unsafe bytes[0..<head].withUnsafeBytes { try unsafe gather($0) }
    let whole = (bytes.count - head) / AtomicFileWriter.pieceSize * AtomicFileWriter.pieceSize
    try bytes[head..<(head + whole)].forEachPagedPart { part in
      try unsafe part.withUnsafeBytes { try unsafe send($0) }
    }
    position += whole
    try unsafe bytes[(head + whole)..<bytes.count].withUnsafeBytes { try unsafe gather($0) }
  }

  public func write(_ bytes: [UInt8]) throws {
    try unsafe bytes.withUnsafeBytes { try unsafe gather($0) }
  }

  public func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Appends a little-endian integer.
  public func write<T: FixedWidthInteger>(integer value: T) throws {
    try write((0..<MemoryLayout<T>.size).map { UInt8(truncatingIfNeeded: value >> (8 * T($0))) })
  }

  /// Appends zeros up to the next multiple of `alignment`.
  public func pad(to alignment: Int, with byte: UInt8 = 0) throws {
    let missing = (alignment - position % alignment) % alignment
    try write([UInt8](repeating: byte, count: missing))
  }

  /// Gives the file its name, complete or not at all.
  /// - Parameter isLasting: whether to wait for the disk; nil does so for files that are soon there
  ///   (`docs/decisions/waiting-for-the-disk.md`).
  public func commit(isLasting: Bool? = nil) throws {
    try flush()
    guard !(isLasting ?? (position <= AtomicFileWriter.soonThere)) || waitForDisk() else {
      throw DataError(.unwritable, "cannot be made lasting: \(systemMessage())", path: path)
    }
    guard unsafe rename(temporaryPath, path) == 0 else {
      throw DataError(.unwritable, "cannot be replaced: \(systemMessage())", path: path)
    }
    isCommitted = true
    InterruptedOutputs.remove(temporaryPath)
  }

  deinit {
    close(descriptor)
    if !isCommitted {
      unsafe _ = unlink(temporaryPath)
      InterruptedOutputs.remove(temporaryPath)
    }
  }

  /// Bytes to the end of the piece.
  private var missing: Int {
    AtomicFileWriter.pieceSize - position % AtomicFileWriter.pieceSize
  }

  /// Appends to what waits to be sent, piece by piece.
  private func gather(_ bytes: UnsafeRawBufferPointer) throws {
    var start = 0
    while start < bytes.count {
      let end = start + min(missing, bytes.count - start)
      unsafe buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
      position += end - start
      start = end
      if position % AtomicFileWriter.pieceSize == 0 { try flush() }
    }
  }

  private func flush() throws {
    guard !buffer.isEmpty else { return }
    try unsafe buffer.withUnsafeBytes { try unsafe send($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws {
    var sent = 0
    while sent < bytes.count {
      let n = unsafe Glibc.write(descriptor, bytes.baseAddress! + sent, bytes.count - sent)
      if n < 0 && errno == EINTR { continue }
      guard n > 0 else {
        throw DataError(.unwritable, "cannot be written: \(systemMessage())", path: path)
      }
      sent += n
    }
  }

  /// Waits for the disk. A file on a disk that has no sync (a pipe-like mount) is not an error.
  private func waitForDisk() -> Bool {
    fdatasync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS
  }
}

extension AtomicFileWriter {
  /// Removes what writers of `path` left behind whose process was killed.
  public static func removeAbandoned(_ path: String) {
    let name = System.lastComponent(path)
    let folder = path.dropLast(name.count)
    let prefix = "\(name).partial-"
    for other in System.names(in: folder.isEmpty ? "." : String(folder))
    where other.hasPrefix(prefix) {
      guard let process = pid_t(other.dropFirst(prefix.count)), process > 0,
        kill(process, 0) != 0, errno == ESRCH
      else { continue }
      unsafe _ = unlink("\(folder)\(other)")
    }
  }
}
