import Execution
import ModelGraph
import Tensors

/// The past that decoders written for other runtimes are given anew at each step, by the names that are usual for it.
enum GrowingPast {
  static func isInput(_ name: String) -> Bool { name.hasPrefix("past_key_values.") }
  static func isOutput(_ name: String) -> Bool { name.hasPrefix("present.") }

  /// The inputs, with an empty past where a graph takes one and none is given.
  static func completed(
    _ inputs: [String: Tensor], for wanted: [(name: String, type: TensorType)]
  ) throws -> [String: Tensor] {
    var inputs = inputs
    let batch = inputs["input_ids"]?.shape.first ?? 1
    for (name, type) in wanted where isInput(name) && inputs[name] == nil {
      guard let dimensions = type.dimensions else { continue }
      let extents = dimensions.enumerated().map { axis, dimension in
        dimension.value ?? (axis == 0 ? batch : 0)
      }
      inputs[name] = Tensor(
        zeros: try Shape(checking: extents), dataType: type.dataType ?? .float32)
    }
    return inputs
  }
}
