import BinaryIO
import ModelGraph
import Tensors

/// A matrix: the axes before `axis` become rows, the others columns.
///
/// - Source: ONNX Flatten-25.
public struct Flatten: ProvisionalOperator {
  public static let name = "Flatten"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = 1) {
    self.axis = axis
  }
}
