import BinaryIO
import ModelGraph
import Tensors

/// Parts of a tensor, chosen by vectors of indices.
///
/// - Source: ONNX GatherND-13.
public struct GatherND: ProvisionalOperator {
  public static let name = "GatherND"
  /// Leading axes that x and indices share.
  public var batchDimensions: Int

  public init(batchDimensions: Int = 0) {
    self.batchDimensions = batchDimensions
  }
}
