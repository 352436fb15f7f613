/// What an element of a tensor is. Raw values are the names that PyTorch and NumPy use.
public enum DataType: String, Sendable, Hashable, CaseIterable {
  case float64, float32, float16, bfloat16
  /// 4 exponent and 3 mantissa bits, no infinities (OCP FP8, `e4m3fn`).
  case float8E4M3 = "float8_e4m3fn"
  /// 5 exponent and 2 mantissa bits, with infinities (OCP FP8).
  case float8E5M2 = "float8_e5m2"
  case int64, int32, int16, int8
  case uint64, uint32, uint16, uint8
  case bool
  /// Two float32: real part, imaginary part.
  case complex64
  // Blocks of 32 elements, in GGUF's layouts
  case q4_0, q4_1, q5_0, q5_1, q8_0
  /// Four bits that choose from sixteen uneven steps.
  case iq4_nl
  /// Four-bit floats under a power of two (OCP MXFP4).
  case mxfp4
  // Blocks of 256 elements with scales of their parts, in GGUF's layouts
  case q2_K, q3_K, q4_K, q5_K, q6_K

  /// Bytes of the smallest unit: an element, or a block. See `byteCount(of:)`.
  public var byteCount: Int {
    switch self {
    case .float64, .int64, .uint64, .complex64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float8E4M3, .float8E5M2, .int8, .uint8, .bool: 1
    default: blockBytes
    }
  }

  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16, .float8E4M3, .float8E5M2: true
    default: false
    }
  }

  public var isInteger: Bool {
    switch self {
    case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8: true
    default: false
    }
  }
}

extension DataType: CustomStringConvertible {
  public var description: String { rawValue }
}

/// A Swift type whose values are the elements of a tensor of one data type.
public protocol TensorScalar: BitwiseCopyable, Sendable {
  static var dataType: DataType { get }
}

extension Double: TensorScalar { public static var dataType: DataType { .float64 } }
extension Float: TensorScalar { public static var dataType: DataType { .float32 } }
extension Float16: TensorScalar { public static var dataType: DataType { .float16 } }
extension Int64: TensorScalar { public static var dataType: DataType { .int64 } }
extension Int: TensorScalar { public static var dataType: DataType { .int64 } }
extension Int32: TensorScalar { public static var dataType: DataType { .int32 } }
extension Int16: TensorScalar { public static var dataType: DataType { .int16 } }
extension Int8: TensorScalar { public static var dataType: DataType { .int8 } }
extension UInt64: TensorScalar { public static var dataType: DataType { .uint64 } }
extension UInt32: TensorScalar { public static var dataType: DataType { .uint32 } }
extension UInt16: TensorScalar { public static var dataType: DataType { .uint16 } }
extension UInt8: TensorScalar { public static var dataType: DataType { .uint8 } }
extension Bool: TensorScalar { public static var dataType: DataType { .bool } }
