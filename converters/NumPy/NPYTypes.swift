import BinaryIO
import Tensors

/// NumPy's descriptions of types: byte order, kind, bytes.
///
/// - Source: `numpy/lib/_format_impl.py` and the array interface's `typestr`.
struct NPYType: Equatable {
  var dataType: DataType
  var isBigEndian = false
  /// Why the type may not be what the writer meant.
  var note: String?

  /// - Throws: `.unsupported` for what we do not read, objects and text among it.
  init(descriptor: String) throws {
    let order = descriptor.first ?? " "
    guard "<>|=".contains(order), let type = NPYType.types[String(descriptor.dropFirst())] else {
      throw NPYType.refusal(descriptor)
    }
    dataType = type
    isBigEndian = order == ">" && type.byteCount > 1
    // ml_dtypes registers bfloat16 with NumPy, which then forgets its name on writing
    if descriptor.hasSuffix("V2") {
      note = "two bytes of no type ('\(descriptor)') are read as bfloat16"
    }
  }

  private static func refusal(_ descriptor: String) -> DataError {
    switch descriptor.dropFirst().first {
    case "O":
      DataError(
        .unsupported, "an array of Python objects, which are pickles",
        remedy: "save numbers, without allow_pickle")
    case "S", "U": DataError(.unsupported, "an array of texts ('\(descriptor)')")
    case "M", "m": DataError(.unsupported, "an array of dates or durations ('\(descriptor)')")
    case "V":
      DataError(.unsupported, "an array of bytes whose type is lost ('\(descriptor)')")
    default: DataError(.unsupported, "an array of the type '\(descriptor)', which is not read")
    }
  }

  /// What we write; nil for types that NumPy has no name for.
  static func descriptor(of type: DataType) -> String? {
    guard let name = types.first(where: { $0.value == type && $0.key != "V2" })?.key else {
      return nil
    }
    return (type.byteCount == 1 ? "|" : "<") + name
  }

  private static let types: [String: DataType] = [
    "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16,
    "i1": .int8, "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
    "c8": .complex64, "V2": .bfloat16,
  ]
}
