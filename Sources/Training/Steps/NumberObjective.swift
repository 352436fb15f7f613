import BinaryIO
import ModelGraph
import Operators
import Tensors

/// A number for each sample: the mean squared difference.
///
/// - Shapes: output and targets alike, `[batch, 1]`.
/// - Source: PyTorch's `MSELoss`.
public struct NumberObjective: Objective {
  public init() {}

  public func targets(for output: TensorType) throws -> TensorType {
    TensorType(.float32, output.dimensions)
  }

  public func loss(
    _ output: ValueID, _ targets: ValueID, in graph: inout Graph
  ) throws -> ValueID {
    let difference = graph.add(Sub(), [output, targets], name: "loss/difference")
    let square = graph.add(Mul(), [difference, difference], name: "loss/square")
    return graph.add(ReduceMean(keepDimensions: false), [square], name: "loss")
  }
}
