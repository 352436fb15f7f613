import Kernels
import Tensors

/// RMSprop: the gradient over its running root mean square.
///
/// `v = α v + (1 - α) g²; b = μ b + g / (√v + ε); w -= rate · b`. Centred, `v` less the square of the gradient's average.
/// - Source: torch.optim.RMSprop: the root is taken before ε is added, other than in TensorFlow.
public struct RMSprop: Optimizer {
  public static let name = "rmsprop"
  public static let settings: [Setting<RMSprop>] = [
    Setting("alpha", \.alpha, in: 0..<1),
    Setting("eps", \.epsilon),
    Setting("momentum", \.momentum),
    Setting("centered", \.centered),
  ]

  public var alpha = 0.99
  public var epsilon = 1e-8
  public var momentum = 0.0
  public var centered = false

  public init() {}

  public func slots(for shape: Shape) -> [OptimizerSlot] {
    var names = ["square_avg"]
    if momentum > 0 { names.append("momentum_buffer") }
    if centered { names.append("grad_avg") }
    return names.map { OptimizerSlot($0, shape) }
  }

  public func update(
    _ parameter: Parameter, slots: [FloatView], _ step: OptimizerStep, pool: ThreadPool?
  ) {
    WeightUpdate.rmsprop(
      parameter.values, gradient: parameter.gradient, square: slots[0],
      mean: centered ? slots.last : nil, buffer: momentum > 0 ? slots[1] : nil, rate: step.rate,
      alpha: alpha, epsilon: epsilon, momentum: momentum, weightDecay: step.weightDecay,
      pool: pool)
  }
}
