import BinaryIO
import ModelGraph
import Tensors

/// Local response normalisation: `x / (bias + alpha / size · Σ x²)^beta` over neighbouring
/// channels.
///
/// - Shapes: x `[N, C, …]`; gives x's shape.
/// - Source: ONNX LRN-13.
public struct LRN: Operator {
  public static let name = "LRN"
  /// Channels that are summed over.
  public var size: Int
  public var alpha: Double
  public var beta: Double
  public var bias: Double

  public init(size: Int, alpha: Double = 1e-4, beta: Double = 0.75, bias: Double = 1) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    try inputs.floatingPoint(0)
    _ = try inputs.dimensions(0, "the input", rank: 2...Shape.maximumRank)
    guard size >= 1 else { throw DataError(.mismatch, "a sum over \(size) channels") }
    return [inputs[0]]
  }

  /// Sums in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let values = x.doubles
    let (channels, plane) = (shape[1], shape.dropFirst(2).reduce(1, *))
    let (before, after) = ((size - 1) / 2, size - 1 - (size - 1) / 2)
    var result = values
    for index in values.indices {
      let channel = index / plane % channels
      var sum = 0.0
      for other in (channel - min(before, channel))...(channel + min(after, channels - 1 - channel))
      {
        let value = values[index + (other - channel) * plane]
        sum += value * value
      }
      result[index] /= C.pow(bias + alpha / Double(size) * sum, beta)
    }
    return [Tensor(shape: shape, result).cast(to: x.dataType)]
  }
}

extension LRN: Differentiable {
  /// With `D = bias + alpha / size · Σ x²`: `f · D^-beta`, less x times what it did to its neighbours' `D`.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, x) = (try builder.flow(0), try builder.input(0))
    let (before, after) = ((size - 1) / 2, size - 1 - (size - 1) / 2)
    let squares = try neighbours(builder.multiply(x, x), (before, after), &builder)
    let base = try builder.sum(
      builder.multiply(squares, by: alpha / Double(size)), bias)
    let exponent = builder.number(-beta, like: x)
    let share = try builder.multiply(flow, builder.add(Pow(), [base, exponent]))
    let felt = try builder.divide(builder.multiply(share, x), base)
    let spread = try neighbours(felt, (after, before), &builder)
    let moved = try builder.multiply(
      builder.multiply(x, spread), by: 2 * alpha * beta / Double(size))
    return [try builder.difference(share, moved)]
  }

  /// Sums over so many channels before and after each.
  private func neighbours(
    _ x: ValueID, _ reach: (before: Int, after: Int), _ builder: inout GradientBuilder
  ) throws -> ValueID {
    let shape = try builder.shape(x)
    let plane = shape.dropFirst(2).reduce(1, *)
    let flat = try builder.reshaped(x, [shape[0], 1, shape[1], plane])
    let ones = Tensor(shape: [1, 1, size, 1], [Double](repeating: 1, count: size))
    let window = builder.constant(ones.cast(to: builder.dataType(x)))
    let sums = try builder.add(
      Conv(padding: .explicit(begin: [reach.before, 0], end: [reach.after, 0])), [flat, window])
    return try builder.reshaped(sums, shape)
  }
}
