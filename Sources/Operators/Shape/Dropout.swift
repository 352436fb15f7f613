import BinaryIO
import ModelGraph
import Tensors

/// The input itself, as dropout is at inference, and a mask that is all true.
///
/// - Source: ONNX Dropout-22, with `training_mode` 0.
public struct Dropout: ProvisionalOperator {
  public static let name = "Dropout"
  /// The share that training drops; only kept for export.
  public var ratio: Double

  public init(ratio: Double = 0.5) {
    self.ratio = ratio
  }
}
