import BinaryIO
import ModelGraph
import Tensors

/// Inserts axes of extent 1.
///
/// Inputs: x, axes (of the result).
/// - Source: ONNX Unsqueeze-25.
public struct Unsqueeze: Operator {
  public static let name = "Unsqueeze"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    let type = inputs[0].dataType
    guard let x = inputs[0].dimensions, let given = try inputs.integers(1, "the axes") else {
      return [TensorType(type)]
    }
    let rank = x.count + given.count
    guard rank <= Shape.maximumRank else { throw DataError(.limitExceeded, "\(rank) axes") }
    let axes = Set(try resolve(axes: given, rank: rank))
    var rest = x[...]
    return [TensorType(type, (0..<rank).map { axes.contains($0) ? 1 : rest.removeFirst() })]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    return [try inputs.required(0).reshaped(shape)]
  }
}

extension Unsqueeze: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.onlyFirstOutput()
    return [try builder.reshaped(builder.flow(0), builder.shape(builder.input(0)))]
  }
}
