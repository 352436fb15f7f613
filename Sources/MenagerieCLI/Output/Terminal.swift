import BinaryIO
import JSON
import Synchronization

/// Where words go: answers to stdout, everything else to stderr.
enum Terminal {
  private static let isSilent = Atomic<Bool>(false)

  /// From now on, only failures are said: another process speaks for this one.
  static func silence() { isSilent.store(true, ordering: .relaxed) }

  private static var speaks: Bool { !isSilent.load(ordering: .relaxed) }

  /// One line of the answer.
  static func say(_ text: String) { if speaks { print(text) } }

  /// The answer as one JSON document on one line.
  static func say(json: JSONValue) { if speaks { print(json.text()) } }

  /// One line beside the answer: progress, notes.
  static func note(_ text: String) { if speaks { System.writeError(text + "\n") } }

  /// The one line that says why the command failed.
  static func fail(_ text: String) { System.writeError("menagerie: \(text)\n") }

  /// A line on a terminal's stderr that the next one overwrites; nothing when stderr is no terminal.
  static func progress(_ text: String) {
    if speaks, System.hasTerminalErrors { System.writeError("\r\u{1B}[K\(text)") }
  }

  static func endProgress() { progress("") }

  /// A word as it would be typed in a shell.
  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-_./=:,+@%".utf8.contains(byte)
    }
    return plain && !word.isEmpty
      ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
  }

  /// Faint text where stdout is a terminal.
  static func faint(_ text: String) -> String { styled(text, "2") }
  static func bold(_ text: String) -> String { styled(text, "1") }

  /// Columns to write in: the terminal's, within reason, or 100 elsewhere.
  static var width: Int { System.terminalColumns.map { max(60, min($0, 140)) } ?? 100 }

  private static func styled(_ text: String, _ code: String) -> String {
    System.hasTerminalOutput && System.environment("NO_COLOR") == nil
      ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
