import BinaryIO
import ModelGraph
import Tensors

/// The number of a tensor's elements as an int64 scalar.
///
/// - Source: ONNX Size-25.
public struct Size: ProvisionalOperator {
  public static let name = "Size"

  public init() {}
}
