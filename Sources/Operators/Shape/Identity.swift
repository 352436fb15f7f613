import BinaryIO
import ModelGraph
import Tensors

/// The input itself.
///
/// - Source: ONNX Identity-25.
public struct Identity: ProvisionalOperator {
  public static let name = "Identity"

  public init() {}
}
