import BinaryIO

/// One field of a protobuf message as it lies in the file.
struct WireField {
  enum Kind: Equatable {
    case varint, fixed64, fixed32, lengthDelimited
  }

  let number: Int
  let kind: Kind
  /// Where the field's tag begins.
  let start: Int
  /// The value of a varint; 0 for the others.
  let value: UInt64
  /// The content: the bytes of the number, or what the length announces.
  let content: Range<Int>
}

/// Steps through the fields of a protobuf message without unpacking it.
///
/// - Source: the protobuf encoding guide. Groups, which ONNX has none of, are refused.
struct WireReader {
  let bytes: Bytes
  private(set) var position: Int
  let end: Int

  /// The fields in `range` of `bytes`; offsets count from the start of `bytes`.
  init(_ bytes: Bytes, in range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next field; nil at the end of the message.
  /// - Throws: `.truncated` when it overruns the message, `.malformed` when it is no field.
  mutating func next() throws -> WireField? {
    guard position < end else { return nil }
    let start = position
    let tag = try varint()
    guard let number = Int(exactly: tag >> 3), (1...0x1FFF_FFFF).contains(number) else {
      throw DataError(.malformed, "no field of a message", offset: start)
    }
    let content = position
    switch tag & 7 {
    case 0:
      let value = try varint()
      return WireField(
        number: number, kind: .varint, start: start, value: value, content: content..<position)
    case 1: return try fixed(number, .fixed64, 8, start)
    case 5: return try fixed(number, .fixed32, 4, start)
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw DataError(
          .truncated, "field \(number) announces \(length) bytes where \(end - position) are left",
          offset: start, remedy: "is the file cut short?")
      }
      let first = position
      position += Int(length)
      return WireField(
        number: number, kind: .lengthDelimited, start: start, value: 0, content: first..<position)
    default: throw DataError(.malformed, "no field of a message", offset: start)
    }
  }

  /// The next number of variable length.
  mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    let start = position
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < end else {
        throw DataError(
          .truncated, "ends within a number", offset: start, remedy: "is the file cut short?")
      }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw DataError(.malformed, "a number of more than ten bytes", offset: start)
  }

  private mutating func fixed(
    _ number: Int, _ kind: WireField.Kind, _ size: Int, _ start: Int
  ) throws -> WireField {
    guard end - position >= size else {
      throw DataError(
        .truncated, "ends within a number", offset: start, remedy: "is the file cut short?")
    }
    let first = position
    position += size
    return WireField(number: number, kind: kind, start: start, value: 0, content: first..<position)
  }
}
