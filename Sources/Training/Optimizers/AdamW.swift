import Kernels
import Tensors

/// AdamW: steps of a size that the gradient's own spread sets. Weights decay by themselves, beside the step.
///
/// `m = β₁ m + (1 - β₁) g; v = β₂ v + (1 - β₂) g²; w -= rate · m̂ / (√v̂ + ε)`, hats correcting the start at zero.
/// - Source: Loshchilov and Hutter (2017); torch.optim.AdamW.
public struct AdamW: Optimizer {
  public static let name = "adamw"
  public static let usualWeightDecay = 0.01
  public static let settings: [Setting<AdamW>] = [
    Setting("beta1", \.beta1, in: 0..<1),
    Setting("beta2", \.beta2, in: 0..<1),
    Setting("eps", \.epsilon),
    Setting("amsgrad", \.amsgrad),
  ]

  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-8
  /// Whether the greatest `v` so far is taken.
  public var amsgrad = false

  public init() {}

  public func slots(for shape: Shape) -> [OptimizerSlot] {
    ["exp_avg", "exp_avg_sq"].map { OptimizerSlot($0, shape) }
      + (amsgrad ? [OptimizerSlot("max_exp_avg_sq", shape)] : [])
  }

  public func update(
    _ parameter: Parameter, slots: [FloatView], _ step: OptimizerStep, pool: ThreadPool?
  ) {
    WeightUpdate.adam(
      parameter.values, gradient: parameter.gradient, first: slots[0], second: slots[1],
      largest: amsgrad ? slots[2] : nil, step: step.number, rate: step.rate, beta1: beta1,
      beta2: beta2, epsilon: epsilon, weightDecay: step.weightDecay, isDecoupled: true,
      pool: pool)
  }
}
