import BinaryIO
import ModelGraph
import Tensors

/// A tensor repeated along its axes.
///
/// Inputs: x, repeats (one an axis).
/// - Source: ONNX Tile-13.
public struct Tile: Operator {
  public static let name = "Tile"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    let type = inputs[0].dataType
    guard let x = inputs[0].dimensions else { return [TensorType(type)] }
    guard let repeats = try inputs.integers(1, "the repeats") else {
      return [TensorType(type, x.map { _ in .unknown })]
    }
    guard repeats.count == x.count, repeats.allSatisfy({ $0 >= 0 }) else {
      throw DataError(.mismatch, "repeats \(repeats) of \(text(x))")
    }
    return [
      TensorType(
        type, try zip(x, repeats).map { $1 == 1 ? $0 : try product([$0, .fixed($1)]) })
    ]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    var result = try inputs.required(0)
    guard shape.elementCount > 0 else { return [Tensor(zeros: shape, dataType: result.dataType)] }
    for axis in 0..<result.rank where shape[axis] != result.shape[axis] {
      let extent = result.shape[axis]
      result = try result.selecting(axis: axis, (0..<shape[axis]).map { $0 % extent })
    }
    return [result]
  }
}

extension Tile: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let shape = try builder.shape(builder.input(0))
    let result = try builder.shape(builder.output(0))
    let split = zip(result, shape).flatMap { [$1 == 0 ? 0 : $0 / $1, $1] }
    let parts = try builder.reshaped(builder.flow(0), Shape(split))
    return [try builder.summed(parts, over: (0..<shape.rank).map { 2 * $0 })]
  }
}
