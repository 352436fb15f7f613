import BinaryIO
import ModelGraph
import Operators
import Tensors

/// The next token for each token: the cross-entropy over those whose target counts.
///
/// - Shapes: logits `[batch, sequence, vocabulary]`, targets `[batch, sequence]` int64, `TokenBatch.ignored` where nothing is
///   to be learnt.
/// - Source: the loss of transformers' `ForCausalLM`, whose labels are shifted by one before, not here.
public struct TokenObjective: Objective {
  public init() {}

  public func targets(for output: TensorType) throws -> TensorType {
    guard output.rank == 3, let dimensions = output.dimensions else {
      throw DataError(
        .unsupported, "an output of \(output)", expected: "logits [batch, sequence, vocabulary]")
    }
    return TensorType(.int64, Array(dimensions.dropLast()))
  }

  public func loss(
    _ output: ValueID, _ targets: ValueID, in graph: inout Graph
  ) throws -> ValueID {
    graph.add(TokenCrossEntropy(), [output, targets], name: "loss")
  }
}
