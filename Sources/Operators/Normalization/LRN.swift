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
