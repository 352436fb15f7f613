import BinaryIO
import JSON
import OrderedCollections

extension GGUFValue {
  /// The text; nil for another type, or for bytes that are none.
  public var string: String? {
    guard type == .string else { return nil }
    return try? bytes[8..<bytes.count].utf8()
  }

  public var bool: Bool? { type == .bool ? bytes[0] != 0 : nil }

  /// The whole number; nil for another type, and beyond what an `Int` holds.
  public var integer: Int? { GGUFValue.integer(type, bytes, at: 0) }

  /// The number.
  public var double: Double? { GGUFValue.double(type, bytes, at: 0) }

  /// The texts of an array of them.
  /// - Throws: `.malformed` for another type, or bytes that are no UTF-8.
  public func strings() throws -> [String] {
    guard elementType == .string else { throw unlike("texts") }
    var reader = ByteReader(bytes, at: 12)
    return try (0..<count).map { _ in try reader.readString() }
  }

  /// The truth values of an array of them.
  /// - Throws: `.malformed` for another type.
  public func truths() throws -> [Bool] {
    guard elementType == .bool else { throw unlike("truth values") }
    return (0..<count).map { bytes[12 + $0] != 0 }
  }

  /// The whole numbers of an array of them.
  /// - Throws: `.malformed` for another type.
  public func integers() throws -> [Int] {
    guard let elementType, let size = elementType.byteCount else { throw unlike("whole numbers") }
    return try (0..<count).map { index in
      guard let value = GGUFValue.integer(elementType, bytes, at: 12 + index * size) else {
        throw unlike("whole numbers")
      }
      return value
    }
  }

  /// The numbers of an array of them.
  /// - Throws: `.malformed` for another type.
  public func floats() throws -> [Float] {
    guard let elementType, let size = elementType.byteCount else { throw unlike("numbers") }
    return try (0..<count).map { index in
      guard let value = GGUFValue.double(elementType, bytes, at: 12 + index * size) else {
        throw unlike("numbers")
      }
      return Float(value)
    }
  }

  private func unlike(_ wanted: String) -> DataError {
    let found = elementType.map { "an array of \($0.name)" } ?? type.name
    return DataError(.malformed, "is \(found)", expected: "an array of \(wanted)")
  }

  private static func integer(_ type: GGUFValueType, _ bytes: Bytes, at offset: Int) -> Int? {
    switch type {
    case .uint8: (try? bytes.load(UInt8.self, at: offset)).map { Int($0) }
    case .int8: (try? bytes.load(Int8.self, at: offset)).map { Int($0) }
    case .uint16: (try? bytes.load(UInt16.self, at: offset)).map { Int($0) }
    case .int16: (try? bytes.load(Int16.self, at: offset)).map { Int($0) }
    case .uint32: (try? bytes.load(UInt32.self, at: offset)).map { Int($0) }
    case .int32: (try? bytes.load(Int32.self, at: offset)).map { Int($0) }
    case .uint64: (try? bytes.load(UInt64.self, at: offset)).flatMap { Int(exactly: $0) }
    case .int64: (try? bytes.load(Int64.self, at: offset)).map { Int($0) }
    case .float32, .float64, .bool, .string, .array: nil
    }
  }

  /// A float32 becomes the shortest number that is read as it again: 1e-05, not 9.999999747378752e-06.
  private static func double(_ type: GGUFValueType, _ bytes: Bytes, at offset: Int) -> Double? {
    switch type {
    case .float32:
      (try? bytes.load(UInt32.self, at: offset)).map {
        let value = Float(bitPattern: $0)
        return Double("\(value)") ?? Double(value)
      }
    case .float64: (try? bytes.load(UInt64.self, at: offset)).map { Double(bitPattern: $0) }
    case .uint64: (try? bytes.load(UInt64.self, at: offset)).map { Double($0) }
    default: integer(type, bytes, at: offset).map { Double($0) }
    }
  }
}

extension GGUFValue {
  /// The most elements of an array that are shown.
  static let shownElements = 64

  /// The value for people and programs; of a long array the type, the number of elements, and the first ones.
  public var json: JSONValue {
    guard type == .array, let elementType else { return GGUFValue.json(type, bytes) }
    let isLong = count > GGUFValue.shownElements
    var reader = ByteReader(bytes, at: 12)
    let shown = (0..<(isLong ? 4 : count)).compactMap { _ -> JSONValue? in
      (try? GGUFValue(elementType, from: &reader))?.json
    }
    if !isLong { return .array(shown) }
    return [
      "array": .string(elementType.name), "count": .integer(count), "first": .array(shown),
    ]
  }

  private static func json(_ type: GGUFValueType, _ bytes: Bytes) -> JSONValue {
    switch type {
    case .string: .string(String(decoding: bytes[8..<bytes.count].array, as: UTF8.self))
    case .bool: .bool(bytes[0] != 0)
    case .float32, .float64: double(type, bytes, at: 0).map { .number($0) } ?? .null
    default:
      integer(type, bytes, at: 0).map { .integer($0) }
        ?? double(type, bytes, at: 0).map { .number($0) } ?? .null
    }
  }
}
