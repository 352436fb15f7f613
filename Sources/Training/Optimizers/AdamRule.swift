import Glibc
import Kernels
import Tensors

/// What Adam and AdamW have in common: all but how weights decay.
///
/// `m = β₁ m + (1 - β₁) g; v = β₂ v + (1 - β₂) g²; w -= rate · m̂ / (√v̂ + ε)`, hats correcting the start at zero.
public protocol AdamRule: Optimizer {
  /// Whether weights decay by themselves, beside the step, instead of through the gradient.
  static var isDecoupled: Bool { get }

  var beta1: Double { get set }
  var beta2: Double { get set }
  var epsilon: Double { get set }
  /// Whether the greatest `v` so far is taken.
  var amsgrad: Bool { get set }
  /// Whether epsilon is added before the start at zero is corrected, as Keras does it: to `√v` instead of `√v̂`.
  var isEpsilonUncorrected: Bool { get set }
}

extension AdamRule {
  public func slots(for shape: Shape) -> [OptimizerSlot] {
    ["exp_avg", "exp_avg_sq"].map { OptimizerSlot($0, shape) }
      + (amsgrad ? [OptimizerSlot("max_exp_avg_sq", shape)] : [])
  }

  public func update(
    _ parameter: Parameter, slots: [FloatView], _ step: OptimizerStep, pool: ThreadPool?
  ) {
    var epsilon = epsilon
    if isEpsilonUncorrected { epsilon /= (1 - pow(beta2, Double(step.number))).squareRoot() }
    WeightUpdate.adam(
      parameter.values, gradient: parameter.gradient, first: slots[0], second: slots[1],
      largest: amsgrad ? slots[2] : nil, step: step.number, rate: step.rate, beta1: beta1,
      beta2: beta2, epsilon: epsilon, weightDecay: step.weightDecay,
      isDecoupled: Self.isDecoupled, pool: pool)
  }
}
