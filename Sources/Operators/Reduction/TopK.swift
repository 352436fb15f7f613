import BinaryIO
import ModelGraph
import Tensors

/// The k greatest (or smallest) elements along an axis, and their indices.
///
/// Inputs: x, k. Among equals the lower index goes first.
/// - Source: ONNX TopK-24.
public struct TopK: ProvisionalOperator {
  public static let name = "TopK"
  /// Counted from the end when negative.
  public var axis: Int
  public var largest: Bool
  /// Whether they must be in order; ours always are.
  public var sorted: Bool

  public init(axis: Int = -1, largest: Bool = true, sorted: Bool = true) {
    self.axis = axis
    self.largest = largest
    self.sorted = sorted
  }
}
