import Kernels
import Tensors

/// A rule by which weights follow their gradients.
///
/// Step for step the numbers of `torch.optim`; settings and remembered tensors have its names, so
/// that a run's state can travel.
public protocol Optimizer: Adjustable {
  /// What weights decay by when nobody says: PyTorch's default.
  static var usualWeightDecay: Double { get }

  /// What is remembered for a parameter of this shape, all zeros at first.
  func slots(for shape: Shape) -> [OptimizerSlot]

  /// Changes the parameter's values, and its slots, where they lie.
  ///
  /// - Parameter slots: the memory of `slots(for:)`, in its order.
  func update(
    _ parameter: Parameter, slots: [FloatView], _ step: OptimizerStep, pool: ThreadPool?)
}

extension Optimizer {
  public static var usualWeightDecay: Double { 0 }
}

/// A tensor that an optimiser remembers for a parameter, by PyTorch's name: `exp_avg`.
public struct OptimizerSlot: Sendable, Hashable {
  public let name: String
  public let shape: Shape

  public init(_ name: String, _ shape: Shape) {
    self.name = name
    self.shape = shape
  }
}

/// One step of one parameter.
public struct OptimizerStep: Sendable, Hashable {
  /// How many steps of this parameter it makes, itself included.
  public var number: Int
  public var rate: Double
  public var weightDecay: Double

  public init(number: Int, rate: Double, weightDecay: Double = 0) {
    self.number = number
    self.rate = rate
    self.weightDecay = weightDecay
  }
}
