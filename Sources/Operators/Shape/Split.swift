import BinaryIO
import ModelGraph
import Tensors

/// A tensor divided along an axis.
///
/// Inputs: x, then (optional) the parts' extents; alike parts without them, the last one perhaps smaller.
/// - Source: ONNX Split-18.
public struct Split: ProvisionalOperator {
  public static let name = "Split"
  /// Counted from the end when negative.
  public var axis: Int
  public var outputCount: Int

  public init(axis: Int = 0, outputCount: Int) {
    self.axis = axis
    self.outputCount = outputCount
  }
}
