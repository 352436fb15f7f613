import BinaryIO
import ModelGraph
import Tensors

/// The same numbers in another type.
///
/// - Source: ONNX Cast-25, without saturation of float8.
public struct Cast: ProvisionalOperator {
  public static let name = "Cast"
  public var target: DataType

  public init(to target: DataType) {
    self.target = target
  }
}
