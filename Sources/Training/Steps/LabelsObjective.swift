import BinaryIO
import ModelGraph
import Operators
import Tensors

/// Any of several classes for each sample: the mean over all of `log(1 + eˣ) - x · target`.
///
/// - Shapes: logits and targets `[batch, classes]`; a target is 1 where the class holds, else 0.
/// - Source: PyTorch's `BCEWithLogitsLoss`.
public struct LabelsObjective: Objective {
  public init() {}

  public func targets(for output: TensorType) throws -> TensorType {
    guard output.rank == 2 else {
      throw DataError(.unsupported, "an output of \(output)", expected: "logits [batch, classes]")
    }
    return TensorType(.float32, output.dimensions)
  }

  public func loss(
    _ output: ValueID, _ targets: ValueID, in graph: inout Graph
  ) throws -> ValueID {
    let whole = graph.add(Softplus(), [output], name: "loss/whole")
    let held = graph.add(Mul(), [output, targets], name: "loss/held")
    let losses = graph.add(Sub(), [whole, held], name: "loss/losses")
    return graph.add(ReduceMean(keepDimensions: false), [losses], name: "loss")
  }

  /// 1 for each of a sample's labels, else 0: `[batch, classes]`.
  public static func targets(_ labels: [[Int]], classes: Int) -> Tensor {
    var flags = [Float](repeating: 0, count: labels.count * classes)
    for (row, own) in labels.enumerated() {
      for label in own { flags[row * classes + label] = 1 }
    }
    return Tensor(shape: [labels.count, classes], flags)
  }
}
