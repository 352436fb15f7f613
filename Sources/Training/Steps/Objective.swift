import ModelGraph

/// What a model is to become better at: how its output and what was wanted make a loss.
///
/// A new objective is a file with a type like this.
public protocol Objective: Sendable {
  /// The type of the targets that a batch brings, from that of the output.
  func targets(for output: TensorType) throws -> TensorType

  /// Appends the loss, one number: the mean over the batch.
  func loss(_ output: ValueID, _ targets: ValueID, in graph: inout Graph) throws -> ValueID
}
