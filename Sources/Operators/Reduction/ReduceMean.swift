import ModelGraph

/// The mean over axes.
///
/// - Source: ONNX ReduceMean-18.
public struct ReduceMean: Reduction {
  public static let name = "ReduceMean"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double { row.reduce(0, +) / Double(row.count) }
}
