import BinaryIO
import ModelGraph
import Tensors

/// A tensor's extents as int64.
///
/// - Source: ONNX Shape-25.
public struct ShapeOf: ProvisionalOperator {
  public static let name = "Shape"
  /// The first axis; counted from the end when negative, and clamped.
  public var start: Int
  /// The axis after the last; nil for all.
  public var end: Int?

  public init(start: Int = 0, end: Int? = nil) {
    self.start = start
    self.end = end
  }
}
