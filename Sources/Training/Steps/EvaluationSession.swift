import Execution
import ModelGraph
import Tensors

/// A model judged by its objective: the loss of a batch without learning from it.
///
/// It runs as it will when it is used: batch normalisations take their running statistics, weights are packed once.
public struct EvaluationSession: Sendable {
  private let session: Session

  /// - Parameters:
  ///   - graph: its first output is what the objective judges.
  ///   - givesOutputs: whether that output is wanted beside the loss.
  public init(
    graph: Graph, weights: @escaping @Sendable (String) throws -> Tensor, objective: any Objective,
    givesOutputs: Bool = true, options: SessionOptions = SessionOptions()
  ) throws {
    var judged = graph
    judged.endBeforeSoftmax()
    try judged.inferTypes()
    let output = judged.outputs[0]
    let targets = judged.addInput("targets", try objective.targets(for: judged[output].type))
    let loss = try objective.loss(output, targets, in: &judged)
    judged.outputs = givesOutputs ? [loss, output] : [loss]
    session = try Session(graph: judged, weights: weights, options: options)
  }

  /// - Returns: the batch's mean loss, and the model's first output where it is wanted.
  public func run(_ batch: TrainingBatch) throws -> (loss: Double, output: Tensor?) {
    var given = batch.inputs
    given["targets"] = batch.targets
    let outputs = try session.run(given)
    return (outputs[0].tensor.doubles[0], outputs.count > 1 ? outputs[1].tensor : nil)
  }
}
