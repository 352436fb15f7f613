import BinaryIO
import ModelGraph
import Tensors

/// Local response normalisation: `x / (bias + alpha / size · Σ x²)^beta` over neighbouring channels.
///
/// - Shapes: x `[N, C, …]`; gives x's shape.
/// - Source: ONNX LRN-13.
public struct LRN: ProvisionalOperator {
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
}
