import Glibc

/// What we ask of directories: their names, and that a new one takes an old one's place at once.
public enum Directory {
  /// Whether `path` is a directory; false when there is nothing.
  public static func exists(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether anything has this name.
  public static func isTaken(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0
  }

  /// The names in a directory, sorted.
  /// - Throws: `.unreadable` when it cannot be listed, `.limitExceeded` for more than 100,000 names.
  public static func names(in path: String) throws -> [String] {
    guard let directory = unsafe opendir(path) else {
      throw DataError(.unreadable, "cannot be listed: \(systemMessage())", path: path)
    }
    defer { unsafe _ = closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
      guard names.count <= 100_000 else {
        throw DataError(.limitExceeded, "a directory of more than 100,000 names", path: path)
      }
    }
    return names.sorted()
  }

  /// - Throws: `.unwritable` when it is there already or the folder above is not.
  public static func create(_ path: String) throws {
    guard unsafe mkdir(path, 0o755) == 0 else {
      throw DataError(.unwritable, "cannot be created: \(systemMessage())", path: path)
    }
  }

  /// Gives `source` the name `target`, which must be free or an empty directory.
  public static func rename(_ source: String, to target: String) throws {
    guard unsafe Glibc.rename(source, target) == 0 else {
      throw DataError(.unwritable, "cannot be replaced: \(systemMessage())", path: target)
    }
  }

  /// Removes a file, a link, or a directory with all that is in it; links are not followed.
  public static func remove(_ path: String) {
    if unsafe unlink(path) == 0 { return }
    for name in (try? names(in: path)) ?? [] { remove("\(path)/\(name)") }
    unsafe _ = rmdir(path)
  }
}
