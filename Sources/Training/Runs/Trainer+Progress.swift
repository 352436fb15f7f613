extension Trainer {
  /// A step that has been made.
  public struct Progress: Sendable {
    /// Counted from 0.
    public var epoch: Int
    /// Steps of the epoch that are done, and all of them.
    public var batch: Int
    public var batches: Int
    /// Steps of the run so far.
    public var step: Int
    public var samples: Int
    public var loss: Double
    public var rate: Double
    /// The norm of all gradients, where they are clipped.
    public var gradientNorm: Double?

    public init(
      epoch: Int, batch: Int, batches: Int, step: Int, samples: Int, loss: Double, rate: Double,
      gradientNorm: Double? = nil
    ) {
      self.epoch = epoch
      self.batch = batch
      self.batches = batches
      self.step = step
      self.samples = samples
      self.loss = loss
      self.rate = rate
      self.gradientNorm = gradientNorm
    }
  }
}
