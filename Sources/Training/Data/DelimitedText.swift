import BinaryIO
import JSON
import OrderedCollections

/// Fields between commas, semicolons or tabs; the first record names the columns.
///
/// - Source: RFC 4180; beyond it, lines may end with LF alone, and a byte order mark is passed over.
enum DelimitedText {
  static func read(
    _ bytes: Bytes, delimiter: UInt8?, _ skipsBad: Bool, _ skipped: inout [DataError]
  ) throws -> ([String], [RecordFile.Record]) {
    let text = bytes.array
    var scanner = Scanner(text: text)
    scanner.delimiter = delimiter ?? scanner.guessedDelimiter()
    guard let header = try scanner.record() else { return ([], []) }
    let columns = try header.fields.map { try name($0, header.line) }
    var seen: Set<String> = []
    if let name = columns.first(where: { !seen.insert($0).inserted }) {
      throw fault(header.line, "the column '\(name)' twice")
    }
    var records: [RecordFile.Record] = []
    while let record = try scanner.record() {
      if record.fields.count == 1, record.fields[0].isEmpty { continue }
      do {
        guard record.fields.count == columns.count else {
          throw fault(
            record.line, "\(record.fields.count) fields",
            expected: "\(columns.count), as the first line has")
        }
        let values = try record.fields.map { JSONValue.string(try decoded($0, record.line)) }
        records.append(
          RecordFile.Record(
            line: record.line,
            fields: OrderedDictionary(uniqueKeys: columns, values: values)))
      } catch let error as DataError where skipsBad {
        skipped.append(error)
      }
    }
    return (columns, records)
  }

  private static func name(_ field: [UInt8], _ line: Int) throws(DataError) -> String {
    let name = try decoded(field, line)
    guard !name.isEmpty else { throw fault(line, "a column without a name") }
    return name
  }

  private static func decoded(_ field: [UInt8], _ line: Int) throws(DataError) -> String {
    guard let text = String(validating: field, as: UTF8.self) else {
      throw fault(line, "text that is not UTF-8")
    }
    return text
  }

  private static func fault(_ line: Int, _ found: String, expected: String? = nil) -> DataError {
    DataError(.malformed, found, expected: expected, subject: "line \(line)")
  }

  private struct Scanner {
    let text: [UInt8]
    var delimiter = UInt8(ascii: ",")
    private var at: Int
    private var line = 1
    private static let quote = UInt8(ascii: "\"")

    init(text: [UInt8]) {
      self.text = text
      at = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// What occurs most in the first line, outside of quotes; of equals, the comma.
    func guessedDelimiter() -> UInt8 {
      var counts: [UInt8: Int] = [:]
      var isQuoted = false
      for byte in text[at...] {
        if byte == Self.quote { isQuoted.toggle() }
        if byte == 0x0A, !isQuoted { break }
        if !isQuoted { counts[byte, default: 0] += 1 }
      }
      let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
      var best = candidates[0]
      for candidate in candidates where counts[candidate, default: 0] > counts[best, default: 0] {
        best = candidate
      }
      return best
    }

    /// The next record; nil at the end.
    mutating func record() throws(DataError) -> (line: Int, fields: [[UInt8]])? {
      guard at < text.count else { return nil }
      let start = line
      var fields: [[UInt8]] = []
      while true {
        fields.append(try field())
        guard at < text.count else { return (start, fields) }
        let byte = text[at]
        at += 1
        if byte == delimiter { continue }
        // What else ends a field ends the line
        if byte == 0x0D { at += 1 }
        line += 1
        return (start, fields)
      }
    }

    /// Leaves `at` on what ends the field.
    private mutating func field() throws(DataError) -> [UInt8] {
      guard at < text.count, text[at] == Self.quote else {
        let start = at
        while at < text.count, text[at] != delimiter, !isLineEnd { at += 1 }
        return Array(text[start..<at])
      }
      let first = line
      var field: [UInt8] = []
      at += 1
      while at < text.count {
        let byte = text[at]
        at += 1
        if byte == 0x0A { line += 1 }
        guard byte == Self.quote else {
          field.append(byte)
          continue
        }
        if at < text.count, text[at] == Self.quote {
          field.append(byte)
          at += 1
          continue
        }
        guard at == text.count || text[at] == delimiter || isLineEnd else {
          throw DelimitedText.fault(
            line, "text behind a closing quote", expected: "quotes inside quotes doubled")
        }
        return field
      }
      throw DelimitedText.fault(first, "a quote that is not closed")
    }

    /// Whether a line ends here: LF, or CR LF.
    private var isLineEnd: Bool {
      text[at] == 0x0A || text[at] == 0x0D && at + 1 < text.count && text[at + 1] == 0x0A
    }
  }
}
