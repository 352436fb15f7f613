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
