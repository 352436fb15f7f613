import ModelGraph

/// The minimum over axes.
///
/// - Source: ONNX ReduceMin-20.
public struct ReduceMin: Reduction {
  public static let name = "ReduceMin"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double {
    row.reduce(.infinity) { $0.isNaN || $1.isNaN ? .nan : min($0, $1) }
  }

  public func reduce<T: FixedWidthInteger>(_ row: ArraySlice<T>, limits: ClosedRange<T>) -> T? {
    row.min() ?? limits.upperBound
  }
}

extension ReduceMin: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try gradientsOfExtreme(&builder)
  }
}
