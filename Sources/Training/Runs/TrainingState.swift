import BinaryIO
import OrderedCollections
import Tensors

/// All that a run needs to go on as if it had never stopped.
public struct TrainingState: Sendable {
  /// Weights and running statistics by name, and what the optimiser remembers under `optimizer.`.
  public var tensors: OrderedDictionary<String, Tensor>
  /// Where the run is: the epoch, the batch in it, the steps so far.
  public var epoch: Int
  public var batch: Int
  public var step: Int
  /// What the schedule has heard.
  public var schedule: [String: Double]

  public init(
    tensors: OrderedDictionary<String, Tensor>, epoch: Int, batch: Int, step: Int,
    schedule: [String: Double]
  ) {
    self.tensors = tensors
    self.epoch = epoch
    self.batch = batch
    self.step = step
    self.schedule = schedule
  }
}
