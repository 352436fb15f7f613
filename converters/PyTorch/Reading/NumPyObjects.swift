import BinaryIO
import JSON
import Tensors

/// NumPy's arrays and scalars inside a pickle.
///
/// - Source: `numpy/_core/src/multiarray/methods.c` (`array_reduce`, `array_setstate`) for the parts.
struct NumPyObjects {
  let heap: PickleHeap

  static func isArrayMaker(_ name: String) -> Bool {
    isNumPy(name)
      && (name.hasSuffix(".multiarray._reconstruct") || name.hasSuffix(".numeric._frombuffer"))
  }

  static func isScalarMaker(_ name: String) -> Bool {
    isNumPy(name) && name.hasSuffix(".multiarray.scalar")
  }

  private static func isNumPy(_ name: String) -> Bool {
    name.hasPrefix("numpy.core.") || name.hasPrefix("numpy._core.")
  }

  /// The array that the value stands for, or nil when it is none.
  func array(_ value: PickleValue) throws -> Tensor? {
    guard let call = heap.call(value), NumPyObjects.isArrayMaker(call.name) else { return nil }
    if call.name.hasSuffix("_frombuffer") {
      guard call.arguments.count >= 4, let bytes = bytes(call.arguments[0]),
        let shape = heap.integers(call.arguments[2])
      else { throw DataError(.malformed, "a NumPy array without its parts") }
      let type = try dataType(call.arguments[1])
      return try array(bytes, type, shape, isFortran: call.arguments[3] == .string("F"))
    }
    guard let state = heap.node(value)?.state.flatMap({ heap.sequence($0) }), state.count >= 5,
      let shape = heap.integers(state[1])
    else { throw DataError(.malformed, "a NumPy array without its parts") }
    let type = try dataType(state[2])
    guard let bytes = bytes(state[4]) else {
      throw DataError(.unsupported, "a NumPy array of Python objects")
    }
    return try array(bytes, type, shape, isFortran: state[3] == .bool(true))
  }

  /// The number that the value stands for, or nil when it is none.
  func scalar(_ value: PickleValue) -> JSONValue? {
    guard let call = heap.call(value), NumPyObjects.isScalarMaker(call.name),
      call.arguments.count == 2, let type = try? dataType(call.arguments[0]),
      let bytes = bytes(call.arguments[1]),
      let tensor = try? array(bytes, type, [], isFortran: false)
    else { return nil }
    if tensor.dataType == .bool { return .bool(tensor.integers[0] != 0) }
    return tensor.dataType.isInteger
      ? .integer(tensor.integers[0]) : .number(tensor.doubles[0])
  }

  private func array(
    _ bytes: Bytes, _ type: (dataType: DataType, isBigEndian: Bool), _ dimensions: [Int],
    isFortran: Bool
  ) throws -> Tensor {
    let shape = try Shape(checking: dimensions)
    guard bytes.count == shape.elementCount * type.dataType.byteCount else {
      throw DataError(.truncated, "a NumPy array of shape \(shape) with \(bytes.count) bytes")
    }
    let width = type.dataType == .complex64 ? 4 : type.dataType.byteCount
    let storage = TensorStorage(type.isBigEndian ? bytes.byteSwapped(width: width) : bytes)
    guard isFortran else {
      return try Tensor(viewing: storage, dataType: type.dataType, shape: shape)
    }
    let reversed = Shape(dimensions.reversed())
    let tensor = try Tensor(viewing: storage, dataType: type.dataType, shape: reversed)
    return tensor.permuted(Array((0..<shape.rank).reversed()))
  }

  /// `numpy.dtype('f4', False, True)` with the state `(3, '<', …)`.
  private func dataType(
    _ value: PickleValue
  ) throws -> (dataType: DataType, isBigEndian: Bool) {
    guard let call = heap.call(value), call.name == "numpy.dtype",
      case .string(let code)? = call.arguments.first
    else { throw DataError(.malformed, "a NumPy array without its type") }
    guard let type = NumPyObjects.types[code] else {
      throw DataError(.unsupported, "a NumPy array of type '\(code)'")
    }
    let state = heap.node(value)?.state.flatMap { heap.sequence($0) } ?? []
    return (type, state.count > 1 && state[1] == .string(">"))
  }

  private static let types: [String: DataType] = [
    "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16,
    "i1": .int8, "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
    "c8": .complex64,
  ]

  /// Bytes as the protocols write them: as such, as a Python 2 string, or as Latin-1 text to be encoded.
  private func bytes(_ value: PickleValue) -> Bytes? {
    if case .bytes(let bytes)? = heap.node(value)?.kind { return Bytes(bytes) }
    if case .string(let text) = value { return Bytes(text.utf8) }
    guard let call = heap.call(value) else { return nil }
    switch call.name {
    case "_codecs.encode":
      guard case .string(let text)? = call.arguments.first else { return nil }
      let scalars = text.unicodeScalars
      guard scalars.allSatisfy({ $0.value < 256 }) else { return nil }
      return Bytes(scalars.map { UInt8($0.value) })
    case "builtins.bytearray", "__builtin__.bytearray", "builtins.bytes", "__builtin__.bytes":
      guard let first = call.arguments.first else { return Bytes() }
      if case .bytes(let bytes)? = heap.node(first)?.kind { return Bytes(bytes) }
      return nil
    default: return nil
    }
  }
}
