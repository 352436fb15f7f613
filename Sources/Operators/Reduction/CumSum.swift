import BinaryIO
import ModelGraph
import Tensors

/// Running sums along an axis.
///
/// Inputs: x, axis (a scalar).
/// - Source: ONNX CumSum-14.
public struct CumSum: ProvisionalOperator {
  public static let name = "CumSum"
  /// Whether an element is left out of its own sum.
  public var exclusive: Bool
  public var reverse: Bool

  public init(exclusive: Bool = false, reverse: Bool = false) {
    self.exclusive = exclusive
    self.reverse = reverse
  }
}
