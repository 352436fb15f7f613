import BinaryIO
import ModelGraph
import Tensors

/// A tensor stretched by NumPy's rule.
///
/// Inputs: x, shape.
/// - Source: ONNX Expand-13.
public struct Expand: Operator {
  public static let name = "Expand"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    let type = inputs[0].dataType
    guard let target = try inputs.integers(1, "the shape"), let x = inputs[0].dimensions else {
      return [TensorType(type)]
    }
    let shape = try Shape(checking: target)
    return [TensorType(type, try broadcast([x, shape.map { .fixed($0) }]))]
  }

  /// A view with strides of zero.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    return [try inputs.required(0).broadcast(to: shape)]
  }
}

extension Expand: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    [try builder.summed(builder.flow(0), like: builder.input(0))]
  }
}
