import BinaryIO
import Training

extension FineTuner {
  /// What a run would take, found by making a few of its steps.
  public struct Rehearsal: Sendable {
    /// Of the whole run.
    public var steps: Int
    /// A step on samples that are seen for the first time, and on those whose features are kept.
    public var secondsOfNewStep: Double
    public var secondsOfStep: Double
    /// What the process held at most until then.
    public var peakResidentBytes: Int
    private let stepsOfEpoch: Int

    fileprivate init(
      steps: Int, ofEpoch: Int, secondsOfNewStep: Double, secondsOfStep: Double
    ) {
      self.steps = steps
      stepsOfEpoch = ofEpoch
      self.secondsOfNewStep = secondsOfNewStep
      self.secondsOfStep = secondsOfStep
      peakResidentBytes = System.peakResidentBytes
    }

    /// What the run would take, without its validations.
    public var seconds: Double {
      let new = min(steps, stepsOfEpoch)
      return Double(new) * secondsOfNewStep + Double(steps - new) * secondsOfStep
    }
  }

  /// Makes three steps and takes them back.
  /// - Throws: what the steps throw.
  public mutating func rehearse() throws -> Rehearsal {
    let before = trainer.state
    func seconds(_ step: () throws -> Void) rethrows -> Double {
      let start = System.seconds
      try step()
      return System.seconds - start
    }
    // The first one compiles
    try trainer.runStep()
    let new = try seconds { try trainer.runStep() }
    try trainer.restore(before)
    let old = try seconds { try trainer.runStep() }
    try trainer.restore(before)
    return Rehearsal(
      steps: trainer.batches * trainer.epochs, ofEpoch: trainer.batches, secondsOfNewStep: new,
      secondsOfStep: min(old, new))
  }
}
