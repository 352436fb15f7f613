import Glibc
import Kernels
import Tensors

/// Adafactor: Adam's variances from those of rows and columns, so that little is remembered.
///
/// The last two axes are rows and columns; vectors have a variance an element. Steps are measured in the weights' own size.
/// - Source: Shazeer and Stern (2018); torch.optim.Adafactor.
public struct Adafactor: Optimizer {
  public static let name = "adafactor"
  public static let settings: [Setting<Adafactor>] = [
    Setting("beta2_decay", \.beta2Decay, in: -10..<0),
    Setting("eps1", \.epsilon1),
    Setting("eps2", \.epsilon2),
    Setting("d", \.limit, in: 1..<Double.infinity),
  ]

  /// The variances' memory at step t is `1 - t^decay`.
  public var beta2Decay = -0.8
  /// The least root of a variance.
  public var epsilon1 = Double(Float.ulpOfOne)
  /// The least size of weights.
  public var epsilon2 = 1e-3
  /// The greatest root mean square of an update.
  public var limit = 1.0

  public init() {}

  public func slots(for shape: Shape) -> [OptimizerSlot] {
    guard shape.rank > 1 else { return [OptimizerSlot("variance", shape)] }
    var (row, column) = (shape.dimensions, shape.dimensions)
    row[shape.rank - 1] = 1
    column[shape.rank - 2] = 1
    return [OptimizerSlot("row_var", Shape(row)), OptimizerSlot("col_var", Shape(column))]
  }

  public func update(
    _ parameter: Parameter, slots: [FloatView], _ step: OptimizerStep, pool: ThreadPool?
  ) {
    let shape = parameter.shape
    let isMatrix = shape.rank > 1
    let rows = isMatrix ? shape[shape.rank - 2] : 1
    let columns = isMatrix ? shape[shape.rank - 1] : shape.elementCount
    guard shape.elementCount > 0 else { return }
    let number = Double(step.number)
    let constants = WeightUpdate.AdafactorStep(
      rate: min(step.rate, 1 / number.squareRoot()), share: pow(number, beta2Decay),
      leastRoot: epsilon1, leastScale: epsilon2, limit: limit,
      keep: 1 - step.rate * step.weightDecay)
    WeightUpdate.adafactor(
      parameter.values, gradient: parameter.gradient, rowVariance: isMatrix ? slots[0] : nil,
      columnVariance: isMatrix ? slots[1] : slots[0], batch: shape.elementCount / (rows * columns),
      rows: rows, columns: columns, constants, pool: pool)
  }
}
