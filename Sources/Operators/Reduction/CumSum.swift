import BinaryIO
import ModelGraph
import Tensors

/// Running sums along an axis.
///
/// Inputs: x, axis (a scalar).
/// - Source: ONNX CumSum-14.
public struct CumSum: Operator {
  public static let name = "CumSum"
  /// Whether an element is left out of its own sum.
  public var exclusive: Bool
  public var reverse: Bool

  public init(exclusive: Bool = false, reverse: Bool = false) {
    self.exclusive = exclusive
    self.reverse = reverse
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.number(0)
    if let axis = try inputs.integer(1, "the axis"), let rank = inputs[0].rank {
      _ = try resolve(axis: axis, rank: rank)
    }
    return [inputs[0]]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let axis = try resolve(axis: try inputs.required(1).integers[0], rank: x.rank)
    let (extent, step) = (shape[axis], shape.contiguousStrides[axis])
    func sum<T: Numeric & TensorScalar>(_ values: [T], _ add: (T, T) -> T) -> Tensor {
      var result = values
      for start in values.indices where start / step % max(extent, 1) == 0 {
        var running: T = .zero
        for i in 0..<extent {
          let place = start + (reverse ? extent - 1 - i : i) * step
          let next = add(running, values[place])
          result[place] = exclusive ? running : next
          running = next
        }
      }
      return Tensor(shape: shape, result).cast(to: x.dataType)
    }
    return [x.dataType.isFloatingPoint ? sum(x.doubles, +) : sum(x.integers, &+)]
  }
}

extension CumSum: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    [
      try builder.add(
        CumSum(exclusive: exclusive, reverse: !reverse), [builder.flow(0), builder.input(1)])
    ]
  }
}
