import BinaryIO
import ModelGraph
import Tensors

/// Another shape with the same elements in the same order.
///
/// Inputs: x, shape. -1 stands for what is left; 0 for x's own extent, unless `allowZero`.
/// - Source: ONNX Reshape-25.
public struct Reshape: ProvisionalOperator {
  public static let name = "Reshape"
  public var allowZero: Bool

  public init(allowZero: Bool = false) {
    self.allowZero = allowZero
  }
}
