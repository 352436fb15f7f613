import BinaryIO
import ModelGraph
import Tensors

/// A tensor with parts replaced.
///
/// Inputs: x, indices, updates.
/// - Source: ONNX ScatterND-18.
public struct ScatterND: ProvisionalOperator {
  public static let name = "ScatterND"
  public var reduction: ScatterReduction

  public init(reduction: ScatterReduction = .none) {
    self.reduction = reduction
  }
}
