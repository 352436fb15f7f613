import BinaryIO
import ModelGraph
import Tensors

/// The inputs of a graph against what a caller gives.
struct InputTypes: Sendable {
  let names: [String]
  let types: [TensorType]

  init(_ graph: Graph) {
    names = graph.inputs.map { graph[$0].name }
    types = graph.inputs.map { graph[$0].type }
  }

  /// The tensors in the graph's order.
  /// - Throws: `.mismatch` that says which input is missing, unknown, or of a wrong type or shape.
  func inOrder(_ tensors: [String: Tensor]) throws -> [Tensor] {
    for name in tensors.keys.sorted() where !names.contains(name) {
      throw DataError(
        .mismatch, "the model has no such input", expected: list, subject: "input '\(name)'")
    }
    var extents: [String: (value: Int, input: String)] = [:]
    return try zip(names, types).map { name, type in
      guard let tensor = tensors[name] else {
        throw DataError(
          .mismatch, "it is not given", expected: "\(type)", subject: "input '\(name)'")
      }
      try naming("input '\(name)'") { try check(tensor, against: type, name: name, &extents) }
      return tensor
    }
  }

  private func check(
    _ tensor: Tensor, against type: TensorType, name: String,
    _ extents: inout [String: (value: Int, input: String)]
  ) throws {
    let found = "\(TensorType(tensor.dataType, shape: tensor.shape))"
    if let wanted = type.dataType, wanted != tensor.dataType {
      throw DataError(.mismatch, found, expected: "\(type)")
    }
    guard let dimensions = type.dimensions else { return }
    guard dimensions.count == tensor.rank else {
      throw DataError(.mismatch, found, expected: "\(type)")
    }
    for (axis, dimension) in dimensions.enumerated() {
      let extent = tensor.shape[axis]
      switch dimension {
      case .fixed(let wanted):
        guard wanted == extent else { throw DataError(.mismatch, found, expected: "\(type)") }
      case .symbol(let symbol):
        if let known = extents[symbol], known.value != extent {
          throw DataError(
            .mismatch, found,
            expected: "\(type), where '\(symbol)' is \(known.value) as in input '\(known.input)'")
        }
        extents[symbol] = (extent, name)
      case .unknown: break
      }
    }
  }

  private var list: String {
    names.isEmpty ? "no input" : names.map { "'\($0)'" }.joined(separator: ", ")
  }
}
