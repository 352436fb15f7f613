import ModelGraph

/// The product over axes.
///
/// - Source: ONNX ReduceProd-18.
public struct ReduceProd: Reduction {
  public static let name = "ReduceProd"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double { row.reduce(1, *) }

  public func reduce<T: FixedWidthInteger>(_ row: ArraySlice<T>, limits: ClosedRange<T>) -> T? {
    row.reduce(1, &*)
  }
}

extension ReduceProd: Differentiable {
  /// The product of the others, exact where some are zero.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let x = try builder.input(0)
    let axes = try reducedAxes(builder)
    let (zero, one) = (builder.number(0, like: x), builder.number(1, like: x))
    let isZero = try builder.add(Equal(), [x, zero])
    let safe = try builder.add(Where(), [isZero, one, x])
    let product = try builder.add(
      ReduceProd(noopWithEmptyAxes: true), [safe, builder.integers(axes)])
    let zeros = try builder.indicator(isZero, like: x)
    let others = try builder.difference(builder.summed(zeros, over: axes, keep: true), zeros)
    let slope = try builder.add(
      Where(), [builder.add(Equal(), [others, zero]), builder.divide(product, safe), zero])
    return [try builder.multiply(spread(builder.flow(0), &builder), slope)]
  }
}
