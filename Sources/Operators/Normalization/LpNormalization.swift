import ModelGraph

/// Divides by the p-norm along an axis.
///
/// - Shapes: gives x's shape.
/// - Source: ONNX LpNormalization-22.
public struct LpNormalization: AxisNormalization {
  public static let name = "LpNormalization"
  /// Counted from the end when negative.
  public var axis: Int
  public var p: Int

  public init(axis: Int = -1, p: Int = 2) {
    self.axis = axis
    self.p = p
  }

  /// A row without length stays as it is.
  public func normalise(_ row: ArraySlice<Double>) -> [Double] {
    let sum = row.reduce(0) { $0 + C.pow(abs($1), Double(p)) }
    let norm = C.pow(sum, 1 / Double(p))
    return row.map { norm == 0 ? 0 : $0 / norm }
  }
}
