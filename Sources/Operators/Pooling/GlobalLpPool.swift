import BinaryIO
import ModelGraph
import Tensors

/// The p-norm over all spatial axes.
///
/// - Shapes: x `[N, C, …]`; gives `[N, C, 1…]`.
/// - Source: ONNX GlobalLpPool-22.
public struct GlobalLpPool: ProvisionalOperator {
  public static let name = "GlobalLpPool"
  public var p: Int

  public init(p: Int = 2) {
    self.p = p
  }
}
