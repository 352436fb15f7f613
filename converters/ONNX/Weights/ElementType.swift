import BinaryIO
import Tensors

/// The standard's numbers for element types.
enum ElementType {
  private static let numbers: [(number: Int, type: DataType)] = [
    (1, .float32), (2, .uint8), (3, .int8), (4, .uint16), (5, .int16), (6, .int32), (7, .int64),
    (9, .bool), (10, .float16), (11, .float64), (12, .uint32), (13, .uint64), (14, .complex64),
    (16, .bfloat16), (17, .float8E4M3), (19, .float8E5M2),
  ]

  /// Types of the standard that no tensor of ours can have.
  private static let others: [Int: String] = [
    8: "string", 15: "complex128", 18: "float8e4m3fnuz", 20: "float8e5m2fnuz", 21: "uint4",
    22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
  ]

  /// - Throws: `.unsupported` for a type of the standard that we have not, `.malformed` for any other number.
  static func dataType(_ number: Int) throws -> DataType {
    if let known = numbers.first(where: { $0.number == number }) { return known.type }
    if let name = others[number] {
      throw DataError(.unsupported, "elements of type \(name)")
    }
    throw DataError(.malformed, "there is no element type \(number)")
  }

  /// The number of a type whose elements stand alone.
  static func number(_ type: DataType) -> Int {
    switch type {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .uint16: 4
    case .int16: 5
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float16: 10
    case .float64: 11
    case .uint32: 12
    case .uint64: 13
    case .complex64: 14
    case .bfloat16: 16
    case .float8E4M3: 17
    case .float8E5M2: 19
    default: 0  // "undefined": blocks, which an obstacle keeps out
    }
  }

  /// The field that holds elements of the type when they are no raw bytes.
  static func field(_ type: DataType) -> Int {
    switch type {
    case .float32, .complex64: 4
    case .int64: 7
    case .float64: 10
    case .uint32, .uint64: 11
    default: 5
    }
  }
}
