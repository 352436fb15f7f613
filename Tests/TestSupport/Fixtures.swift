import BinaryIO
import Glibc

/// Files that tests read: `Tests/Fixtures/<area>/…`.
public enum Fixtures {
  /// The path of a fixture, found beside the sources.
  public static func path(_ name: String, file: String = #filePath) -> String {
    let tests = file.split(separator: "/").reversed().drop { $0 != "Tests" }.reversed()
    return "/" + tests.joined(separator: "/") + "/Fixtures/" + name
  }

  /// The bytes of a fixture.
  public static func bytes(_ name: String, file: String = #filePath) throws -> Bytes {
    try MappedFile(path: path(name, file: file)).bytes
  }
}

/// A directory for one test, removed with its content when the test is over.
public final class ScratchDirectory {
  public let path: String

  public init() {
    var template = Array("\(ScratchDirectory.root)/menagerie-test-XXXXXX".utf8CString)
    unsafe path = String(cString: mkdtemp(&template))
  }

  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and returns its path.
  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let writer = try AtomicFileWriter(path: file(name))
    try writer.write(bytes)
    try writer.commit(isLasting: false)
    return file(name)
  }

  /// The names of the files in it, sorted.
  public var names: [String] { System.names(in: path) }

  private static var root: String {
    System.environment("TMPDIR") ?? "/" + "tmp"
  }

  deinit { System.removeTree(path) }
}
