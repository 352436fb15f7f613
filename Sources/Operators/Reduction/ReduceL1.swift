import ModelGraph

/// The sum of absolute values over axes.
///
/// - Source: ONNX ReduceL1-18.
public struct ReduceL1: Reduction {
  public static let name = "ReduceL1"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double { row.reduce(0) { $0 + abs($1) } }

  public func reduce<T: FixedWidthInteger>(_ row: ArraySlice<T>, limits: ClosedRange<T>) -> T? {
    row.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
  }
}

extension ReduceL1: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let sign = try builder.add(Sign(), [builder.input(0)])
    return [try builder.multiply(spread(builder.flow(0), &builder), sign)]
  }
}
