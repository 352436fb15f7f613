import Glibc

/// Where words go: answers to stdout, everything else to stderr.
enum Terminal {
  /// One line of the answer.
  static func say(_ text: String) { print(text) }

  /// One line beside the answer: progress, notes.
  static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  /// The one line that says why the command failed.
  static func fail(_ text: String) { write("menagerie: \(text)\n", to: STDERR_FILENO) }

  /// A line on a terminal's stderr that the next one overwrites; nothing when stderr is no terminal.
  static func progress(_ text: String) {
    guard isInteractive else { return }
    write("\r\u{1B}[K\(text)", to: STDERR_FILENO)
  }

  static func endProgress() { progress("") }

  static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

  /// Faint text where stdout is a terminal.
  static func faint(_ text: String) -> String { styled(text, "2") }
  static func bold(_ text: String) -> String { styled(text, "1") }

  /// Columns of the terminal, or 100 elsewhere.
  static var width: Int {
    var size = winsize()
    let known = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return known ? max(60, min(Int(size.ws_col), 140)) : 100
  }

  private static func styled(_ text: String, _ code: String) -> String {
    let hasNoColor = unsafe getenv("NO_COLOR") != nil
    return isatty(STDOUT_FILENO) == 1 && !hasNoColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    unsafe bytes.withUnsafeBytes { unsafe _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }
}
