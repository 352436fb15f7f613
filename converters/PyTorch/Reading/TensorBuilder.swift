import BinaryIO
import Tensors

/// Turns the records of calls that would rebuild tensors into tensors.
///
/// - Source: `torch/_utils.py` and `torch/_tensor.py` of PyTorch 2.15 for what the arguments mean.
struct TensorBuilder {
  let heap: PickleHeap
  let storages: StorageSource

  /// Calls within calls that one tensor may be made of.
  private static let maximumDepth = 32

  /// Whether the value is the record of a call that makes a tensor or an array.
  func isTensor(_ value: PickleValue) -> Bool {
    guard let call = heap.call(value) else { return false }
    return TensorBuilder.isTensorMaker(call.name) || NumPyObjects.isArrayMaker(call.name)
  }

  /// The tensor that the value stands for.
  /// - Throws: `.malformed`, `.truncated`, `.unsupported` (sparse, quantised, unknown type).
  func tensor(_ value: PickleValue) throws -> Tensor {
    if let array = try NumPyObjects(heap: heap).array(value) { return array }
    guard let call = heap.call(value) else {
      throw DataError(.malformed, "something that is no tensor where one is wanted")
    }
    return try tensor(call.name, call.arguments, depth: 0)
  }

  private static func isTensorMaker(_ name: String) -> Bool {
    guard name.hasPrefix("torch.") else { return false }
    return name.hasPrefix("torch._utils._rebuild_") || name == "torch._tensor._rebuild_from_type_v2"
      || name == "torch._tensor._rebuild_from_type" || name == "torch.nn.parameter.Parameter"
      || name == "torch.nn.parameter.Buffer"
  }

  private func tensor(_ name: String, _ arguments: [PickleValue], depth: Int) throws -> Tensor {
    guard depth < TensorBuilder.maximumDepth else {
      throw DataError(.limitExceeded, "a tensor wrapped more than \(depth) times")
    }
    switch name {
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
      return try view(arguments, typeAt: nil)
    case "torch._utils._rebuild_tensor_v3":
      return try view(arguments, typeAt: 6)
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
      "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer":
      guard let first = arguments.first, let call = heap.call(first) else {
        throw DataError(.malformed, "a parameter without its tensor")
      }
      return try tensor(call.name, call.arguments, depth: depth + 1)
    case "torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type":
      guard arguments.count >= 3, let function = heap.globalName(arguments[0]),
        let inner = heap.sequence(arguments[2])
      else { throw DataError(.malformed, "a tensor of a subclass without its parts") }
      return try tensor(function, inner, depth: depth + 1)
    default:
      throw DataError(
        .unsupported, "is rebuilt by '\(name)', which is not read",
        remedy: "save it as a dense tensor")
    }
  }

  /// `(storage, offset, size, stride, …)`, all in elements.
  private func view(_ arguments: [PickleValue], typeAt index: Int?) throws -> Tensor {
    guard arguments.count >= 4, let node = heap.node(arguments[0]), case .persistent = node.kind,
      case .integer(let offset) = arguments[1], let size = heap.integers(arguments[2]),
      let strides = heap.integers(arguments[3])
    else { throw DataError(.malformed, "a tensor without storage, offset, size and strides") }
    let reference = try StorageReference(node.arguments, in: heap)
    let type = try dataType(reference, index.flatMap { $0 < arguments.count ? arguments[$0] : nil })
    let storage = try storages.storage(reference, for: type)
    let shape = try Shape(checking: size)
    guard offset >= 0, offset <= 1 << 48 else {
      throw DataError(.malformed, "the offset \(offset)")
    }
    // A record may be longer than the storage is said to be: its rest belongs to nobody
    let elements = reference.viewCount ?? reference.count
    let tensor = try Tensor(
      viewing: storage, dataType: type, shape: shape, strides: strides,
      offset: offset + reference.viewOffset)
    try refuseOverrun(tensor, elements: elements, reference)
    return tensor
  }

  private func refuseOverrun(
    _ tensor: Tensor, elements: Int, _ reference: StorageReference
  ) throws {
    guard tensor.elementCount > 0 else { return }
    let last = zip(tensor.shape, tensor.strides).reduce(tensor.offset) { $0 + ($1.0 - 1) * $1.1 }
    let width = reference.elements == .untyped ? tensor.dataType.byteCount : 1
    guard last < reference.viewOffset + elements / width else {
      throw DataError(
        .truncated,
        "shape \(tensor.shape) with strides \(tensor.strides) reaches element \(last) of a storage "
          + "of \(elements / width)")
    }
  }

  private func dataType(_ reference: StorageReference, _ global: PickleValue?) throws -> DataType {
    if let global, let name = heap.globalName(global), name.hasPrefix("torch.") {
      let stem = String(name.dropFirst("torch.".count))
      guard let type = DataType(elementName: stem) else {
        throw DataError(.unsupported, "holds \(stem) numbers, which are not read")
      }
      return type
    }
    switch reference.elements {
    case .typed(let type): return type
    case .untyped: throw DataError(.malformed, "an untyped storage and no type for its numbers")
    case .unreadable(let kind):
      let name = kind == "ComplexDouble" ? "complex128" : kind.lowercased()
      throw DataError(.unsupported, "holds \(name) numbers, which are not read")
    }
  }
}
