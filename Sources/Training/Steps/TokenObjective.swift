import BinaryIO
import ModelGraph
import Operators
import Tensors

/// A token for each row of scores, as the next one for each of a text: the cross-entropy over those whose target counts.
///
/// - Shapes: logits `[…, vocabulary]`, as `[batch, sequence, vocabulary]`; targets `[…]` int64, `TokenBatch.ignored` where
///   nothing is to be learnt.
/// - Source: the loss of transformers' `ForCausalLM`, whose labels are shifted by one before, not here.
public struct TokenObjective: Objective {
  public init() {}

  public func targets(for output: TensorType) throws -> TensorType {
    guard let dimensions = output.dimensions, dimensions.count > 1 else {
      throw DataError(
        .unsupported, "an output of \(output)", expected: "logits […, vocabulary]")
    }
    return TensorType(.int64, Array(dimensions.dropLast()))
  }

  public func loss(
    _ output: ValueID, _ targets: ValueID, in graph: inout Graph
  ) throws -> ValueID {
    graph.add(TokenCrossEntropy(), [output, targets], name: "loss")
  }
}
