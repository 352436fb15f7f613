import BinaryIO
import ModelGraph
import Tensors

/// Indices as vectors that are `on` at the index and `off` elsewhere.
///
/// Inputs: indices, depth, values `[off, on]`.
/// - Source: ONNX OneHot-11.
public struct OneHot: ProvisionalOperator {
  public static let name = "OneHot"
  /// Where the new axis goes.
  public var axis: Int

  public init(axis: Int = -1) {
    self.axis = axis
  }
}
