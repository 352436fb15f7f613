import Kernels
import Tensors

/// Lion: every weight moves by the rate, in the direction of an average of gradients.
///
/// `w = (1 - rate λ) w - rate · sign(β₁ m + (1 - β₁) g); m = β₂ m + (1 - β₂) g`. Rates a third to a tenth of AdamW's suit it.
/// - Source: Chen et al., "Symbolic Discovery of Optimization Algorithms" (2023); timm's Lion.
public struct Lion: Optimizer {
  public static let name = "lion"
  public static let settings: [Setting<Lion>] = [
    Setting("beta1", \.beta1, in: 0..<1),
    Setting("beta2", \.beta2, in: 0..<1),
  ]

  public var beta1 = 0.9
  public var beta2 = 0.99

  public init() {}

  public func slots(for shape: Shape) -> [OptimizerSlot] { [OptimizerSlot("exp_avg", shape)] }

  public func update(
    _ parameter: Parameter, slots: [FloatView], _ step: OptimizerStep, pool: ThreadPool?
  ) {
    WeightUpdate.lion(
      parameter.values, gradient: parameter.gradient, average: slots[0], rate: step.rate,
      beta1: beta1, beta2: beta2, weightDecay: step.weightDecay, pool: pool)
  }
}
