import BinaryIO
import ModelGraph
import Tensors

/// The upper or lower triangle of matrices; zero elsewhere.
///
/// Inputs: x `[…, M, N]`, k (optional; the diagonal).
/// - Source: ONNX Trilu-14.
public struct Trilu: ProvisionalOperator {
  public static let name = "Trilu"
  public var upper: Bool

  public init(upper: Bool = true) {
    self.upper = upper
  }
}
