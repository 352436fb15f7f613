import BinaryIO
import ModelGraph
import Tensors

/// Removes axes of extent 1.
///
/// Inputs: x, axes (optional; all of extent 1 without them).
/// - Source: ONNX Squeeze-25.
public struct Squeeze: ProvisionalOperator {
  public static let name = "Squeeze"

  public init() {}
}
