import ModelGraph

/// The sum of squares over axes.
///
/// - Source: ONNX ReduceSumSquare-18.
public struct ReduceSumSquare: Reduction {
  public static let name = "ReduceSumSquare"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double { row.reduce(0) { $0 + $1 * $1 } }

  public func reduce<T: FixedWidthInteger>(_ row: ArraySlice<T>, limits: ClosedRange<T>) -> T? {
    row.reduce(0) { $0 &+ $1 &* $1 }
  }
}

extension ReduceSumSquare: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let twice = try builder.multiply(builder.input(0), by: 2)
    return [try builder.multiply(spread(builder.flow(0), &builder), twice)]
  }
}
