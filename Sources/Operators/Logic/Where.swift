import BinaryIO
import ModelGraph
import Tensors

/// Elements of x where the condition is true, of y elsewhere.
///
/// Inputs: condition, x, y, which stretch to a common shape.
/// - Source: ONNX Where-16.
public struct Where: ProvisionalOperator {
  public static let name = "Where"

  public init() {}
}
