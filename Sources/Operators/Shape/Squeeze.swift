import BinaryIO
import ModelGraph
import Tensors

/// Removes axes of extent 1.
///
/// Inputs: x, axes (optional; all of extent 1 without them).
/// - Source: ONNX Squeeze-25.
public struct Squeeze: Operator {
  public static let name = "Squeeze"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...2)
    let type = inputs[0].dataType
    guard let x = inputs[0].dimensions else { return [TensorType(type)] }
    guard inputs.has(1) else {
      let known = x.allSatisfy { $0.value != nil }
      return [TensorType(type, known ? x.filter { $0 != 1 } : nil)]
    }
    guard let given = try inputs.integers(1, "the axes") else { return [TensorType(type)] }
    let axes = Set(try resolve(axes: given, rank: x.count))
    for axis in axes where unified(x[axis], 1) == nil {
      throw DataError(.mismatch, "axis \(axis) of \(text(x)) is \(x[axis])", expected: "1")
    }
    return [TensorType(type, x.indices.filter { !axes.contains($0) }.map { x[$0] })]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    return [try inputs.required(0).reshaped(shape)]
  }
}

extension Squeeze: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.onlyFirstOutput()
    return [try builder.reshaped(builder.flow(0), builder.shape(builder.input(0)))]
  }
}
