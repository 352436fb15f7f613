import BinaryIO
import ModelGraph
import Tensors

/// The axes in another order.
///
/// - Source: ONNX Transpose-25.
public struct Transpose: ProvisionalOperator {
  public static let name = "Transpose"
  /// Axis `i` of the result is axis `permutation[i]` of x; nil reverses the axes.
  public var permutation: [Int]?

  public init(permutation: [Int]? = nil) {
    self.permutation = permutation
  }
}
