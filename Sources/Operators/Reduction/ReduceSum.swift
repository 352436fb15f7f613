import ModelGraph

/// The sum over axes.
///
/// - Source: ONNX ReduceSum-13.
public struct ReduceSum: Reduction {
  public static let name = "ReduceSum"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double { row.reduce(0, +) }

  public func reduce<T: FixedWidthInteger>(_ row: ArraySlice<T>, limits: ClosedRange<T>) -> T? {
    row.reduce(0, &+)
  }
}

extension ReduceSum: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    [try spread(builder.flow(0), &builder)]
  }
}
