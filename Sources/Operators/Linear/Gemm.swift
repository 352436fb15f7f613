import BinaryIO
import ModelGraph
import Tensors

/// `alpha · A · B + beta · C`, with A and B transposed at will.
///
/// - Shapes: A `[M, K]`, B `[K, N]`, C (optional) stretches to `[M, N]`; gives `[M, N]`.
/// - Source: ONNX Gemm-13.
public struct Gemm: ProvisionalOperator {
  public static let name = "Gemm"
  public var alpha: Double
  public var beta: Double
  public var transposeA: Bool
  public var transposeB: Bool

  public init(
    alpha: Double = 1, beta: Double = 1, transposeA: Bool = false, transposeB: Bool = false
  ) {
    self.alpha = alpha
    self.beta = beta
    self.transposeA = transposeA
    self.transposeB = transposeB
  }
}
