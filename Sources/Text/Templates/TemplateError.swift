import BinaryIO

/// What goes wrong with a chat template, always with its line.
enum TemplateError {
  static func at(
    _ line: Int, _ found: String, expected: String? = nil, code: DataError.Code = .malformed
  ) -> DataError {
    DataError(code, found, expected: expected, subject: "chat template, line \(line)")
  }
}
