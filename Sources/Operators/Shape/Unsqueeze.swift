import BinaryIO
import ModelGraph
import Tensors

/// Inserts axes of extent 1.
///
/// Inputs: x, axes (of the result).
/// - Source: ONNX Unsqueeze-25.
public struct Unsqueeze: ProvisionalOperator {
  public static let name = "Unsqueeze"

  public init() {}
}
