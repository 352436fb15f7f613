import Kernels
import Tensors

/// Stochastic gradient descent, with momentum or without.
///
/// `d = g + λ w; b = μ b + (1 - dampening) d; w -= rate · b`, or `w -= rate (d + μ b)` of Nesterov.
/// - Source: torch.optim.SGD: the rate is not in the momentum, and the first `b` is `d` itself.
public struct SGD: Optimizer {
  public static let name = "sgd"
  public static let settings: [Setting<SGD>] = [
    Setting("momentum", \.momentum),
    Setting("dampening", \.dampening),
    Setting("nesterov", \.nesterov),
  ]

  public var momentum = 0.0
  public var dampening = 0.0
  public var nesterov = false

  public init() {}

  public init(momentum: Double, dampening: Double = 0, nesterov: Bool = false) {
    self.momentum = momentum
    self.dampening = dampening
    self.nesterov = nesterov
  }

  public func slots(for shape: Shape) -> [OptimizerSlot] {
    momentum == 0 ? [] : [OptimizerSlot("momentum_buffer", shape)]
  }

  public func update(
    _ parameter: Parameter, slots: [FloatView], _ step: OptimizerStep, pool: ThreadPool?
  ) {
    WeightUpdate.sgd(
      parameter.values, gradient: parameter.gradient, buffer: slots.first, rate: step.rate,
      momentum: momentum, dampening: dampening, weightDecay: step.weightDecay, nesterov: nesterov,
      isFirst: step.number == 1, pool: pool)
  }
}
