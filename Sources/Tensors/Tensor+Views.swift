import BinaryIO

/// Views: nothing is copied, and nothing is checked twice.
///
/// Whoever does not know that a view keeps blocks whole asks `DataType.fits`, or casts to floats first.
extension Tensor {
  /// The axes in another order: axis `i` of the result is axis `order[i]` of this one.
  ///
  /// The last axis of a block-quantised tensor stays where it is.
  public func permuted(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(0..<rank), "\(order) does not order \(rank) axes")
    precondition(
      !dataType.isBlockQuantised || order.last == rank - 1, "\(order) cuts blocks (\(dataType))")
    return Tensor(
      unchecked: storage, dataType: dataType, shape: Shape(order.map { shape[$0] }),
      strides: order.map { strides[$0] }, offset: offset)
  }

  /// Tells the system that the elements are not needed for now, where they lie in a mapped file (see
  /// `Bytes.releasePages`).
  public func releasePages() {
    guard elementCount > 0 else { return }
    let last = zip(shape, strides).reduce(offset) { $0 + ($1.0 - 1) * $1.1 }
    let end = min((last + 1) * dataType.byteCount, storage.byteCount)
    storage.bytes[min(offset * dataType.byteCount, end)..<end].releasePages()
  }

  /// The last two axes exchanged.
  public var transposed: Tensor {
    precondition(rank >= 2, "a tensor of rank \(rank) has no two axes to exchange")
    return permuted(Array(0..<(rank - 2)) + [rank - 1, rank - 2])
  }

  /// Another shape with as many elements; copies only when the elements do not lie densely.
  public func reshaped(_ newShape: Shape) -> Tensor {
    precondition(
      newShape.elementCount == elementCount, "\(shape) cannot be viewed as \(newShape)")
    precondition(dataType.fits(newShape), "\(newShape) cuts blocks (\(dataType))")
    let dense = contiguous()
    return Tensor(
      unchecked: dense.storage, dataType: dataType, shape: newShape,
      strides: newShape.contiguousStrides, offset: dense.offset)
  }

  /// The part `range` of one axis.
  public func sliced(axis: Int, _ range: Range<Int>, step: Int = 1) -> Tensor {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[axis] && step > 0,
      "\(range) of axis \(axis) of \(shape)")
    precondition(
      !dataType.isBlockQuantised || axis < rank - 1
        || step == 1 && range.lowerBound % dataType.blockElements == 0
          && range.count % dataType.blockElements == 0,
      "\(range) of the last axis cuts blocks (\(dataType))")
    var dimensions = shape.dimensions
    var newStrides = strides
    dimensions[axis] = (range.count + step - 1) / step
    newStrides[axis] *= step
    return Tensor(
      unchecked: storage, dataType: dataType, shape: Shape(dimensions), strides: newStrides,
      offset: offset + range.lowerBound * strides[axis])
  }

  /// Stretched to a larger shape by NumPy's rule, without a copy.
  public func broadcast(to target: Shape) -> Tensor {
    precondition(
      shape.broadcast(with: target) == target, "\(shape) does not stretch to \(target)")
    var newStrides = [Int](repeating: 0, count: target.rank)
    for i in 0..<rank where shape[i] != 1 { newStrides[target.rank - rank + i] = strides[i] }
    return Tensor(
      unchecked: storage, dataType: dataType, shape: target, strides: newStrides, offset: offset)
  }
}
