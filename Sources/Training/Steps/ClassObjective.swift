import BinaryIO
import ModelGraph
import Operators
import Tensors

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

  /// The shares `[batch, classes]` that labels ask for.
  ///
  /// - Parameter smoothing: the share that goes to all classes alike (Szegedy et al. 2015, section 7).
  public static func targets(_ labels: [Int], classes: Int, smoothing: Double = 0) -> Tensor {
    var shares = [Float](
      repeating: Float(smoothing / Double(classes)), count: labels.count * classes)
    for (row, label) in labels.enumerated() {
      shares[row * classes + label] = Float(smoothing / Double(classes) + 1 - smoothing)
    }
    return Tensor(shape: [labels.count, classes], shares)
  }
}
