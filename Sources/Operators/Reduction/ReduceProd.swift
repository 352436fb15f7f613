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
