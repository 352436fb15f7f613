import BinaryIO
import ModelGraph
import Operators
import Tensors

/// What a model is to become better at: how its output and what was wanted make a loss.
///
/// A new objective is a file with a type like this.
public protocol Objective: Sendable {
  /// The type of the targets that a batch brings, from that of the output.
  func targets(for output: TensorType) throws -> TensorType

  /// Appends the loss, one number: the mean over the batch.
  func loss(_ output: ValueID, _ targets: ValueID, in graph: inout Graph) throws -> ValueID
}

/// One class for each sample: the cross-entropy between the softmax of the logits and the targets' shares.
///
/// - Shapes: logits and targets `[batch, classes]`. A target may be divided among classes: smoothed, or mixed.
public struct ClassObjective: Objective {
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
    let likelihood = graph.add(LogSoftmax(axis: -1), [output], name: "loss/likelihood")
    let shares = graph.add(Mul(), [likelihood, targets], name: "loss/shares")
    let classes = graph.addConstant("loss/axis", Tensor([1]))
    let row = graph.add(ReduceSum(keepDimensions: false), [shares, classes], name: "loss/rows")
    let mean = graph.add(ReduceMean(keepDimensions: false), [row], name: "loss/mean")
    return graph.add(Neg(), [mean], name: "loss")
  }
}
