import BinaryIO

/// Values that are to be written.
extension GGUFValue {
  static func string(_ text: String) -> GGUFValue { GGUFValue(made: .string, encoded(text)) }

  static func bool(_ value: Bool) -> GGUFValue { GGUFValue(made: .bool, [value ? 1 : 0]) }

  static func uint32(_ value: UInt32) -> GGUFValue {
    GGUFValue(made: .uint32, littleEndian(value))
  }

  static func int32(_ value: Int32) -> GGUFValue { GGUFValue(made: .int32, littleEndian(value)) }

  static func float32(_ value: Float) -> GGUFValue {
    GGUFValue(made: .float32, littleEndian(value.bitPattern))
  }

  static func strings(_ texts: [String]) -> GGUFValue {
    array(.string, texts.count, texts.reduce(into: []) { $0 += encoded($1) })
  }

  static func int32s(_ values: [Int32]) -> GGUFValue {
    array(.int32, values.count, values.reduce(into: []) { $0 += littleEndian($1) })
  }

  static func bools(_ values: [Bool]) -> GGUFValue {
    array(.bool, values.count, values.map { $0 ? 1 : 0 })
  }

  static func uint8s(_ values: [UInt8]) -> GGUFValue { array(.uint8, values.count, values) }

  static func float32s(_ values: [Float]) -> GGUFValue {
    array(.float32, values.count, values.reduce(into: []) { $0 += littleEndian($1.bitPattern) })
  }

  private static func array(_ type: GGUFValueType, _ count: Int, _ elements: [UInt8]) -> GGUFValue {
    GGUFValue(
      made: .array, elementType: type, count: count,
      littleEndian(type.rawValue) + littleEndian(UInt64(count)) + elements)
  }

  static func encoded(_ text: String) -> [UInt8] {
    littleEndian(UInt64(text.utf8.count)) + Array(text.utf8)
  }

  static func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<MemoryLayout<T>.size).map { UInt8(truncatingIfNeeded: value >> (8 * T($0))) }
  }
}
