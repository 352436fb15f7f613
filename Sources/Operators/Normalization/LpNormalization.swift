import BinaryIO
import ModelGraph
import Tensors

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

extension LpNormalization: Differentiable {
  /// `(f - slope · Σ f y) / norm`, where slope is what the norm gains by x; none for a row without length.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, x, y) = (try builder.flow(0), try builder.input(0), try builder.output(0))
    let axis = try resolve(axis: axis, rank: builder.shape(x).rank)
    let norm = try builder.norm(x, p, over: [axis])
    let slope = try builder.slopeOfNorm(x, norm, p)
    let along = try builder.summed(builder.multiply(flow, y), over: [axis], keep: true)
    let moved = try builder.difference(flow, builder.multiply(slope, along))
    return [try builder.quotient(moved, norm)]
  }
}
