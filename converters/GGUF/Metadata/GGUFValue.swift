import BinaryIO
import JSON

/// The types that values of metadata have, by their numbers in the file.
public enum GGUFValueType: UInt32, Sendable, CaseIterable {
  case uint8 = 0
  case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// Bytes of one value; nil for those that say their length themselves.
  var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }

  /// The fewest bytes that one value takes.
  var leastByteCount: Int {
    switch self {
    case .string: 8
    case .array: 12
    default: byteCount ?? 1
    }
  }

  /// For people: `uint32`.
  var name: String { "\(self)" }
}

/// A value of a GGUF file's metadata as it lies in the file: nothing is unpacked before it is asked for.
///
/// - Source: `docs/gguf.md` of ggml, version 3. A string is its length in 8 bytes and UTF-8; an array is its elements' type in 4
///   bytes, their number in 8, and the elements.
public struct GGUFValue: Sendable {
  public let type: GGUFValueType
  /// The value as the file has it, without its type.
  let bytes: Bytes
  /// The elements' type; nil for what is no array.
  public let elementType: GGUFValueType?
  /// The number of elements; 1 for what is no array.
  public let count: Int

  /// The deepest arrays in arrays that are read.
  private static let maximumDepth = 8

  /// Reads the next value and checks it to its last element.
  init(_ type: GGUFValueType, from reader: inout ByteReader, depth: Int = 0) throws {
    let start = reader.position
    var element: GGUFValueType?
    var count = 1
    switch type {
    case .string: try reader.skipString()
    case .array:
      guard depth < GGUFValue.maximumDepth else {
        throw DataError(.limitExceeded, "arrays more than 8 deep", offset: start)
      }
      let inner = try GGUFValueType(checking: reader.read(UInt32.self), at: start)
      count = try reader.readCount(of: "elements", eachAtLeast: inner.leastByteCount)
      if let size = inner.byteCount {
        try reader.skip(count * size)
      } else {
        for _ in 0..<count {
          if inner == .string {
            try reader.skipString()
          } else {
            _ = try GGUFValue(inner, from: &reader, depth: depth + 1)
          }
        }
      }
      element = inner
    default: try reader.skip(type.leastByteCount)
    }
    self.type = type
    elementType = element
    self.count = count
    bytes = reader.bytes[start..<reader.position]
    if type == .bool, bytes[0] > 1 {
      throw DataError(.malformed, "a truth value of \(bytes[0])", offset: start)
    }
  }

  /// A value that the program made up itself.
  init(
    made type: GGUFValueType, elementType: GGUFValueType? = nil, count: Int = 1, _ bytes: [UInt8]
  ) {
    self.type = type
    self.elementType = elementType
    self.count = count
    self.bytes = Bytes(bytes)
  }
}

extension GGUFValueType {
  init(checking number: UInt32, at offset: Int) throws {
    guard let type = GGUFValueType(rawValue: number) else {
      throw DataError(
        .malformed, "the unknown type \(number) of a value", expected: "0 to 12", offset: offset)
    }
    self = type
  }
}

extension ByteReader {
  /// The next 8 bytes as a number of things that take at least so many bytes each, which must be there.
  mutating func readCount(of what: String, eachAtLeast size: Int) throws -> Int {
    let start = position
    let number = try read(UInt64.self)
    guard number <= UInt64(max(remaining, 0) / max(size, 1)) else {
      throw DataError(
        .truncated, "\(number) \(what) are announced, but \(remaining) bytes are left",
        offset: start, remedy: "is the file cut short?")
    }
    return Int(number)
  }

  mutating func skipString() throws {
    try skip(try readCount(of: "bytes of text", eachAtLeast: 1))
  }

  /// The next text.
  mutating func readString() throws -> String {
    let start = position
    let bytes = try readBytes(try readCount(of: "bytes of text", eachAtLeast: 1))
    do { return try bytes.utf8() } catch {
      throw DataError(.malformed, "text that is not UTF-8", offset: start)
    }
  }
}
