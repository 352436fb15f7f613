import BinaryIO
import ModelGraph
import Tensors

/// `aᵇ`, in a's type.
///
/// - Types: a and b may differ. Computed in Double, and exactly where both are whole numbers.
/// - Source: ONNX Pow-15.
public struct Pow: Operator {
  public static let name = "Pow"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.number(0, "the base")
    try inputs.number(1, "the exponent")
    let shape = try broadcast([inputs[0].dimensions, inputs[1].dimensions])
    return [TensorType(inputs[0].dataType, shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let (x, y) = (a.broadcast(to: shape), b.broadcast(to: shape))
    if a.dataType.isInteger && b.dataType.isInteger {
      let values = zip(x.integers, y.integers).map { power($0, $1) }
      return [Tensor(shape: shape, values).cast(to: a.dataType)]
    }
    let values = zip(x.doubles, y.doubles).map { C.pow($0, $1) }
    return [Tensor(shape: shape, values).cast(to: a.dataType)]
  }

  /// Repeated squaring, which wraps around.
  private func power(_ base: Int, _ exponent: Int) -> Int {
    if exponent < 0 { return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0 }
    var (result, square, rest) = (1, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result &*= square }
      square &*= square
      rest >>= 1
    }
    return result
  }
}

extension Pow: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, x, exponent) = (try builder.flow(0), try builder.input(0), try builder.input(1))
    var gradients: [ValueID?] = [nil, nil]
    if builder.wants(0) {
      let real =
        builder.dataType(exponent) == builder.dataType(x)
        ? exponent : try builder.add(Cast(to: builder.dataType(x)), [exponent])
      let power = try builder.add(Pow(), [x, builder.sum(real, -1)])
      let slope = try builder.multiply(power, real)
      gradients[0] = try builder.summed(builder.multiply(flow, slope), like: x)
    }
    if builder.wants(1) {
      // Where the base is 0, the power does not move with its exponent
      let isPositive = try builder.add(Greater(), [x, builder.number(0, like: x)])
      let base = try builder.add(Where(), [isPositive, x, builder.number(1, like: x)])
      let slope = try builder.multiply(builder.output(0), builder.add(Log(), [base]))
      gradients[1] = try builder.summed(builder.multiply(flow, slope), like: exponent)
    }
    return gradients
  }
}
