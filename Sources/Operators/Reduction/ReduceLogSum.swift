import ModelGraph

/// The logarithm of the sum over axes.
///
/// - Source: ONNX ReduceLogSum-18.
public struct ReduceLogSum: Reduction {
  public static let name = "ReduceLogSum"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double { C.log(row.reduce(0, +)) }
}
