import BinaryIO
import Tensors

/// How far two tensors lie apart.
public struct TensorDifference: Sendable {
  /// The largest |a − b|; NaN on one side only counts as infinite.
  public var maxAbsolute: Double
  /// The largest |a − b| / |b| where b is not 0.
  public var maxRelative: Double
  /// The largest |b|.
  public var scale: Double
  /// The place of the largest difference, in row-major order.
  public var worstIndex: Int

  /// Compares element by element; traps when the shapes differ.
  public init(_ a: Tensor, _ b: Tensor) {
    precondition(a.shape == b.shape, "\(a.shape) compared with \(b.shape)")
    maxAbsolute = 0
    maxRelative = 0
    scale = 0
    worstIndex = 0
    for (i, (x, y)) in zip(a.doubles, b.doubles).enumerated() {
      if y.magnitude > scale { scale = y.magnitude }
      if x == y || (x.isNaN && y.isNaN) { continue }
      let difference = x.isNaN || y.isNaN ? .infinity : (x - y).magnitude
      if difference > maxAbsolute {
        maxAbsolute = difference
        worstIndex = i
      }
      if y != 0 { maxRelative = max(maxRelative, difference / y.magnitude) }
    }
  }

  /// Whether every element is within `absolute` + `relative` × the largest magnitude of `b`.
  ///
  /// The scale is that of the whole tensor: a logit near 0 is not asked for more digits than its neighbours.
  public func isWithin(relative: Double, absolute: Double) -> Bool {
    maxAbsolute <= absolute + relative * scale
  }
}
