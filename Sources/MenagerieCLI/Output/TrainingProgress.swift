import BinaryIO
import Training

/// The line that a terminal shows while a model learns: where it is, how well it does, how long it will take.
struct TrainingProgress {
  private let epochs: Int
  private let unit: String
  private let start = System.seconds
  private var samples = 0
  private var steps = 0
  private static let cells = 20

  /// - Parameter unit: what samples are called.
  init(epochs: Int, unit: String) {
    self.epochs = epochs
    self.unit = unit
  }

  /// The line after a step.
  mutating func line(_ step: Trainer.Progress) -> String {
    samples += step.samples
    steps += 1
    let seconds = max(System.seconds - start, 1e-9)
    let left = (epochs - step.epoch) * step.batches - step.batch
    let done = Self.cells * step.batch / max(step.batches, 1)
    let bar =
      String(repeating: "━", count: done) + String(repeating: "─", count: Self.cells - done)
    return "epoch \(step.epoch + 1)/\(epochs) \(bar) \(step.batch)/\(step.batches)  "
      + "loss \(Quantities.fixed(step.loss, 4))  lr \(Quantities.difference(step.rate))  "
      + "\(Quantities.fixed(Double(samples) / seconds, 1)) \(unit)/s  "
      + "\(Quantities.duration(Double(left) * seconds / Double(steps))) left"
  }
}
