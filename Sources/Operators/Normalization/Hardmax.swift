import ModelGraph

/// 1 for the first greatest element along an axis, 0 for the others.
///
/// - Shapes: gives x's shape.
/// - Source: ONNX Hardmax-13.
public struct Hardmax: AxisNormalization {
  public static let name = "Hardmax"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = -1) {
    self.axis = axis
  }

  public func normalise(_ row: ArraySlice<Double>) -> [Double] {
    let top = row.firstIndex(of: row.max() ?? 0)
    return row.indices.map { $0 == top ? 1 : 0 }
  }
}

extension Hardmax: Flat {}
