import BinaryIO
import ModelGraph
import Tensors

/// The mean over all spatial axes.
///
/// - Shapes: x `[N, C, …]`; gives `[N, C, 1…]`.
/// - Source: ONNX GlobalAveragePool-22.
public struct GlobalAveragePool: ProvisionalOperator {
  public static let name = "GlobalAveragePool"

  public init() {}
}
