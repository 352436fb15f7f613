import BinaryIO
import JSON
import OrderedCollections

/// Records with named columns: `.csv`, `.tsv`, or `.jsonl` with one object a line.
public struct RecordFile: Sendable {
  public struct Record: Sendable, Hashable {
    /// Where it begins, counted from 1.
    public let line: Int
    /// A CSV file's fields are texts; JSON's are what they are.
    public let fields: OrderedDictionary<String, JSONValue>
  }

  public let path: String
  /// In the order in which they come.
  public let columns: [String]
  public let records: [Record]
  /// What cannot be read, with file and line; empty unless bad records are skipped.
  public let skipped: [DataError]

  /// The endings of files that are read.
  public static let extensions = ["csv", "tsv", "jsonl", "ndjson"]

  /// - Throws: `.malformed` with file and line; `.unknownFormat` for other endings.
  public init(_ path: String, skipsBad: Bool = false) throws {
    var skipped: [DataError] = []
    let ending = path.lastIndex(of: ".").map { path[path.index(after: $0)...].lowercased() }
    let bytes = try MappedFile(path: path).bytes
    (columns, records) = try namingFile(path) {
      switch ending {
      case "csv": return try DelimitedText.read(bytes, delimiter: nil, skipsBad, &skipped)
      case "tsv":
        return try DelimitedText.read(bytes, delimiter: UInt8(ascii: "\t"), skipsBad, &skipped)
      case "jsonl", "ndjson": return try JSONLines.read(bytes, skipsBad, &skipped)
      default:
        throw DataError(
          .unknownFormat, "has the ending '\(ending ?? "")'",
          expected: RecordFile.extensions.joined(separator: ", "))
      }
    }
    guard !records.isEmpty else {
      throw DataError(.malformed, "has no records", expected: "one at least", path: path)
    }
    self.path = path
    self.skipped = skipped.map { $0.inFile(path) }
  }

  /// An error about one of the records.
  func error(_ record: Record, _ found: String, expected: String? = nil) -> DataError {
    DataError(
      .malformed, found, expected: expected, subject: "line \(record.line)", path: path)
  }
}

/// A JSON object a line.
enum JSONLines {
  static func read(
    _ bytes: Bytes, _ skipsBad: Bool, _ skipped: inout [DataError]
  ) throws -> ([String], [RecordFile.Record]) {
    let text = bytes.array
    var columns: OrderedSet<String> = []
    var records: [RecordFile.Record] = []
    for (number, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false)
      .enumerated()
    where line.contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) {
      do {
        let value = try naming("line \(number + 1)") {
          let value = try JSONValue(parsing: Bytes(line))
          guard value.object != nil else {
            throw DataError(.malformed, "no JSON object", expected: "{\"column\": value, …}")
          }
          return value
        }
        let fields = value.object ?? [:]
        columns.formUnion(fields.keys)
        records.append(RecordFile.Record(line: number + 1, fields: fields))
      } catch let error as DataError where skipsBad {
        skipped.append(error)
      }
    }
    return (Array(columns), records)
  }
}
