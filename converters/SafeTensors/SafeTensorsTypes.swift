import Tensors

/// The names that the format gives to types of elements.
///
/// - Source: `safetensors/src/tensor.rs`, `Dtype`, version 0.8.
enum SafeTensorsTypes {
  static let names: [DataType: String] = [
    .float64: "F64", .float32: "F32", .float16: "F16", .bfloat16: "BF16", .float8E4M3: "F8_E4M3",
    .float8E5M2: "F8_E5M2", .int64: "I64", .int32: "I32", .int16: "I16", .int8: "I8",
    .uint64: "U64", .uint32: "U32", .uint16: "U16", .uint8: "U8", .bool: "BOOL", .complex64: "C64",
  ]
  static let types = Dictionary(uniqueKeysWithValues: names.map { ($0.value, $0.key) })

  /// Types that the format has and we do not read.
  static let unread: Set<String> = [
    "F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ",
  ]
}
