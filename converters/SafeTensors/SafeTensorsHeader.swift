import BinaryIO
import JSON
import OrderedCollections
import Tensors

/// The JSON at the front of a safetensors file, checked against the bytes behind it.
///
/// - Source: the format's README and `tensor.rs`, version 0.8: no holes, no overlaps, everything covered.
struct SafeTensorsHeader {
  /// The reference implementation's bound.
  static let maximumByteCount = 100_000_000

  struct Entry {
    var name: String
    var dataType: DataType
    var shape: Shape
    /// Bytes from the start of the data.
    var range: Range<Int>
  }

  /// In the order in which the header names them.
  private(set) var entries: [Entry] = []
  private(set) var metadata: OrderedDictionary<String, JSONValue> = [:]
  /// The bytes behind the header.
  let data: Bytes

  /// - Throws: `.truncated`, `.malformed`, `.limitExceeded`, `.unsupported` for a type that we do not read.
  init(_ file: Bytes) throws {
    let length = try file.load(UInt64.self, at: 0)
    guard length <= UInt64(SafeTensorsHeader.maximumByteCount) else {
      throw DataError(
        .limitExceeded, "a header of \(length) bytes",
        expected: "at most \(SafeTensorsHeader.maximumByteCount)", offset: 0)
    }
    let header = try file.slice(at: 8, count: Int(length))
    data = file[(8 + Int(length))..<file.count]
    guard !header.isEmpty, header[0] == UInt8(ascii: "{") else {
      throw DataError(.malformed, "a header that does not begin with '{'", offset: 8)
    }
    var limits = JSONValue.Limits()
    limits.depth = 8
    guard let members = try JSONValue(parsing: header, limits: limits).object else {
      throw DataError(.malformed, "a header that is no JSON object", offset: 8)
    }
    entries.reserveCapacity(members.count)
    for (name, value) in members {
      if name == "__metadata__" {
        metadata = try SafeTensorsHeader.metadata(value)
      } else {
        entries.append(try naming("tensor '\(name)'") { try entry(name, value) })
      }
    }
    try checkCoverage()
  }

  private static func metadata(
    _ value: JSONValue
  ) throws -> OrderedDictionary<String, JSONValue> {
    if value.isNull { return [:] }
    guard let members = value.object, members.values.allSatisfy({ $0.string != nil }) else {
      throw DataError(.malformed, "metadata that are not texts", subject: "__metadata__")
    }
    return members
  }

  private func entry(_ name: String, _ value: JSONValue) throws -> Entry {
    guard let type = value["dtype"]?.string, let dimensions = value["shape"]?.wholeNumbers,
      let offsets = value["data_offsets"]?.wholeNumbers, offsets.count == 2
    else {
      throw DataError(
        .malformed, "lacks 'dtype', 'shape' or 'data_offsets', or they are no integers")
    }
    guard let dataType = SafeTensorsTypes.types[type] else {
      if SafeTensorsTypes.unread.contains(type) {
        throw DataError(.unsupported, "holds \(type) numbers, which are not read")
      }
      throw DataError(.malformed, "the unknown type '\(type)'")
    }
    let shape = try Shape(checking: dimensions)
    let (begin, end) = (offsets[0], offsets[1])
    guard begin >= 0, begin <= end else {
      throw DataError(.malformed, "data_offsets [\(begin), \(end)] are no range")
    }
    guard end <= data.count else {
      throw DataError(
        .truncated, "data_offsets [\(begin), \(end)] overrun the \(data.count) data bytes",
        remedy: "is the file cut short?")
    }
    guard end - begin == shape.elementCount * dataType.byteCount else {
      throw DataError(
        .malformed,
        "\(end - begin) bytes for \(shape.elementCount) elements of type \(dataType)")
    }
    return Entry(name: name, dataType: dataType, shape: shape, range: begin..<end)
  }

  /// The tensors, in order of their offsets, follow each other and fill the file.
  private func checkCoverage() throws {
    var end = 0
    let sorted = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in sorted {
      guard entry.range.lowerBound == end else {
        throw DataError(
          .malformed,
          entry.range.lowerBound < end
            ? "begins at \(entry.range.lowerBound), inside another tensor"
            : "begins at \(entry.range.lowerBound), after \(entry.range.lowerBound - end) bytes that belong to no tensor",
          subject: "tensor '\(entry.name)'")
      }
      end = entry.range.upperBound
    }
    guard end == data.count else {
      throw DataError(
        .malformed, "\(data.count - end) bytes behind the last tensor belong to none")
    }
  }
}

extension JSONValue {
  /// An array of numbers that are written as integers.
  fileprivate var wholeNumbers: [Int]? {
    guard let array else { return nil }
    var numbers: [Int] = []
    for element in array {
      guard case .integer(let number) = element else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
