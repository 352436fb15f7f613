/// What is wrong with data from outside: the facts, from which the command line makes one sentence.
///
/// Every layer that a `DataError` passes may add what it knows (`inFile`, `at`, `subject`).
public struct DataError: Error, Sendable {
  /// What kind of failure it is; the command line's exit status follows from it.
  public enum Code: String, Sendable {
    /// There is no such file or directory.
    case notFound
    /// The system refuses to open, read or map it, or it is no regular file.
    case unreadable
    /// No reader knows the file's content.
    case unknownFormat
    /// The file ends before what it announces.
    case truncated
    /// The content contradicts its format or itself.
    case malformed
    /// A number exceeds what we are willing to hold (sizes, depths, counts).
    case limitExceeded
    /// Well-formed and understood, but not something that we do.
    case unsupported
    /// The output cannot be written.
    case unwritable
    /// What the caller gave does not fit the model (names, types, shapes).
    case mismatch
  }

  public var code: Code
  /// The file, as the user named it.
  public var path: String?
  /// Bytes from the start of the file (or of the entry that `subject` names).
  public var offset: Int?
  /// The thing inside the file: `tensor 'fc.weight'`, `entry 'archive/data.pkl'`, `node 'conv1'`.
  public var subject: String?
  /// What is there, or what went wrong.
  public var found: String
  /// What should be there instead.
  public var expected: String?
  /// What a person can do about it.
  public var remedy: String?

  public init(
    _ code: Code, _ found: String, expected: String? = nil, subject: String? = nil,
    path: String? = nil, offset: Int? = nil, remedy: String? = nil
  ) {
    self.code = code
    self.found = found
    self.expected = expected
    self.subject = subject
    self.path = path
    self.offset = offset
    self.remedy = remedy
  }

  /// The same error with the file named, unless an inner layer named one.
  public func inFile(_ path: String) -> DataError {
    var error = self
    error.path = error.path ?? path
    return error
  }

  /// The same error with the thing inside the file named, unless an inner layer named one.
  public func about(_ subject: String) -> DataError {
    var error = self
    error.subject = error.subject ?? subject
    return error
  }
}

extension DataError: CustomStringConvertible {
  /// One line: `model.safetensors: tensor 'fc.weight': offsets [0, 8192] overrun …; expected …; …`.
  public var description: String {
    var text = ""
    if let path { text += "\(path): " }
    if let subject { text += "\(subject): " }
    text += found
    if let offset { text += " (at byte \(offset))" }
    if let expected { text += "; expected \(expected)" }
    if let remedy { text += "; \(remedy)" }
    return DataError.oneLine(text)
  }

  /// Names come from strangers' files: control characters are shown as escapes, and length is bounded.
  static func oneLine(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars.prefix(1_000) {
      if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
        line += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        line.unicodeScalars.append(scalar)
      }
    }
    return line
  }
}

/// Runs `body`; errors of data that leave it have the file named.
public func namingFile<T>(_ path: String, _ body: () throws -> T) throws -> T {
  do { return try body() } catch let error as DataError { throw error.inFile(path) }
}

/// Runs `body`; errors of data that leave it have the thing inside the file named.
public func naming<T>(_ subject: @autoclosure () -> String, _ body: () throws -> T) throws -> T {
  do { return try body() } catch let error as DataError { throw error.about(subject()) }
}
