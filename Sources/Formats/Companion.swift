import BinaryIO

/// A file that travels with weights byte for byte: a tokenizer, a vocabulary, what another library notes.
///
/// It is opened, or made, when it is asked for, and not before.
public struct Companion: Sendable {
  private enum Source: Sendable {
    case ready(Bytes)
    case file(String)
    case made(@Sendable () throws -> Bytes)
  }

  private let source: Source

  /// Bytes that are there already.
  public init(_ bytes: Bytes) { source = .ready(bytes) }

  /// The file at `path`, mapped when it is asked for.
  public init(path: String) { source = .file(path) }

  /// What `make` makes of what the weights' own file holds.
  public init(making make: @escaping @Sendable () throws -> Bytes) { source = .made(make) }

  /// All of it.
  /// - Throws: what opening or making it throws, with its path.
  public func bytes() throws -> Bytes {
    switch source {
    case .ready(let bytes): bytes
    case .file(let path):
      System.isDirectory(path) == false && System.byteCount(path) == 0
        ? Bytes() : try MappedFile(path: path).bytes
    case .made(let make): try make()
    }
  }
}

extension Companion {
  /// Whether `name` is one for a file in the weights' own directory or in a folder below it.
  public static func isContained(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= 1_000, !name.utf8.contains(0) else { return false }
    return name.split(separator: "/", omittingEmptySubsequences: false)
      .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }
}
