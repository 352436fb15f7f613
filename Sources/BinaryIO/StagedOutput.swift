import Glibc

/// A file or directory that is made under a temporary name beside `path`, looked at, and only then given its name.
///
/// Dropped before `commit()`, what was made is removed; what stood at `path` stays untouched.
public final class StagedOutput {
  public let path: String
  /// Where to write.
  public let temporaryPath: String
  private var isCommitted = false

  /// - Throws: `.unwritable` when the folder of `path` is not there.
  public init(path: String) throws {
    let trimmed = System.withoutTrailingSlashes(path)
    self.path = trimmed
    temporaryPath = "\(trimmed).staged-\(getpid())"
    let parent = trimmed.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    let folder = parent.isEmpty ? (trimmed.hasPrefix("/") ? "/" : ".") : parent
    guard System.isDirectory(folder) == true else {
      throw DataError(
        .unwritable, "there is no folder '\(folder)' to write it in", path: trimmed,
        remedy: "make the folder first")
    }
    System.removeTree(temporaryPath)
    InterruptedOutputs.add(temporaryPath)
  }

  /// Refuses a directory with something in it that is not to be replaced, before work is done for what would take its place.
  ///
  /// - Parameter mayReplace: whether the directory of that path may be.
  /// - Throws: `.unwritable` when there is no folder to write in, or a directory that stays.
  public static func check(path: String, mayReplace: (String) -> Bool) throws {
    let path = try StagedOutput(path: path).path
    guard
      System.isDirectory(path) != true || System.names(in: path).isEmpty || mayReplace(path)
    else { throw isDirectory(path) }
  }

  private static func isDirectory(_ path: String) -> DataError {
    DataError(.unwritable, "is a directory", expected: "a new name", path: path)
  }

  /// Gives what was made its name.
  ///
  /// A file replaces a file. A directory replaces nothing but an empty directory, or one for which `mayReplace` is true.
  public func commit(replacingDirectory mayReplace: Bool = false) throws {
    if System.isDirectory(path) == true {
      guard System.isDirectory(temporaryPath) == true, mayReplace || System.names(in: path).isEmpty
      else {
        throw StagedOutput.isDirectory(path)
      }
      System.removeTree(path)
    }
    guard unsafe rename(temporaryPath, path) == 0 else {
      throw DataError(.unwritable, "cannot be replaced: \(systemMessage())", path: path)
    }
    isCommitted = true
    InterruptedOutputs.remove(temporaryPath)
  }

  /// Runs `body` with the temporary name; errors that mention it are given the name that a person knows, and errors that
  /// name no file the name of `source`, whose tensors are read while the output is written.
  public func naming<T>(source: String, _ body: (String) throws -> T) throws -> T {
    do { return try body(temporaryPath) } catch var error as DataError {
      if error.path?.hasPrefix(temporaryPath) == true { error.path = path }
      error.path = error.path ?? source
      throw error
    }
  }

  deinit {
    if !isCommitted {
      System.removeTree(temporaryPath)
      InterruptedOutputs.remove(temporaryPath)
    }
  }
}

extension System {
  /// Removes a file, a link, or a directory with all that is in it; nothing when there is nothing.
  public static func removeTree(_ path: String) {
    var pending = [path]
    var directories: [String] = []
    while let next = pending.popLast() {
      if unsafe unlink(next) == 0 || errno == ENOENT { continue }
      directories.append(next)
      pending += names(in: next).map { "\(next)/\($0)" }
    }
    for directory in directories.reversed() { unsafe _ = rmdir(directory) }
  }
}
