import CKernels
import Tensors

extension FloatView {
  /// `self[i0, i1, …] = source[i0 * strides[0] + i1 * strides[1] + …]`, dense and row-major in
  /// `shape`.
  ///
  /// Steps of zero repeat. They do not overlap.
  public func copy(
    from source: FloatView, shape: [Int], strides: [Int], pool: ThreadPool? = nil
  ) {
    let (shape, strides) = FloatView.merged(shape, strides)
    let count = shape.reduce(1, *)
    guard count > 0 else { return }
    let extent = zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    if let (batch, rows, columns) = FloatView.transposition(shape, strides) {
      Layout.transpose(
        source, batch: batch, rows: rows, columns: columns, into: self, pool: pool)
      return
    }
    // The outermost axis is shared out.
    let (outer, step) = (shape.first ?? 1, strides.first ?? 1)
    let inner = count / outer
    let (sizes, steps) = (Array(shape.dropFirst()), Array(strides.dropFirst()))
    runParallel(pool, count: outer, grain: max(1, 32768 / inner)) { range in
      let from = unsafe source.reading(extent, "source") + range.lowerBound * step
      let to = unsafe writing(count) + range.lowerBound * inner
      unsafe mng_strided_copy(
        4, sizes.count + 1, [range.count] + sizes, [step] + steps, from, to)
    }
  }

  /// Neighbouring axes that lie in each other as one axis; axes of extent 1 are left out.
  private static func merged(_ shape: [Int], _ strides: [Int]) -> ([Int], [Int]) {
    precondition(shape.count == strides.count && strides.allSatisfy { $0 >= 0 })
    var (sizes, steps): ([Int], [Int]) = ([], [])
    for (size, step) in zip(shape, strides) where size != 1 {
      if let last = steps.last, last == size * step {
        sizes[sizes.count - 1] *= size
        steps[steps.count - 1] = step
      } else {
        sizes.append(size)
        steps.append(step)
      }
    }
    return (sizes, steps)
  }

  /// The extents when the copy is a dense `[batch, rows, columns]` turned into `[batch, columns,
  /// rows]`.
  private static func transposition(
    _ shape: [Int], _ strides: [Int]
  ) -> (batch: Int, rows: Int, columns: Int)? {
    guard shape.count == 2 || shape.count == 3 else { return nil }
    let (columns, rows) = (shape[shape.count - 2], shape[shape.count - 1])
    guard strides[shape.count - 2] == 1, strides[shape.count - 1] == columns else { return nil }
    if shape.count == 2 { return (1, rows, columns) }
    return strides[0] == rows * columns ? (shape[0], rows, columns) : nil
  }
}

extension Tensor {
  /// A dense tensor of the floats that lie in `source` with these steps along the axes of `shape`.
  public init(
    copying source: FloatView, shape: Shape, strides: [Int], pool: ThreadPool? = nil
  ) {
    self = unsafe Tensor(dataType: .float32, shape: shape) { target in
      guard let base = target.baseAddress, shape.elementCount > 0 else { return }
      let view = unsafe FloatView(
        unsafeBase: base.assumingMemoryBound(to: Float.self), count: shape.elementCount,
        isWritable: true, owner: nil)
      view.copy(from: source, shape: shape.dimensions, strides: strides, pool: pool)
    }
  }
}

extension FloatView {
  /// Sets a dense block of these extents into a larger one, whose steps are `strides`, at the index
  /// `start`.
  public func copy(
    block: FloatView, extents: [Int], strides: [Int], at start: [Int], pool: ThreadPool? = nil
  ) {
    precondition(
      extents.count == strides.count && start.count == strides.count
        && strides.allSatisfy { $0 >= 0 } && start.allSatisfy { $0 >= 0 })
    let count = extents.reduce(1, *)
    guard count > 0 else { return }
    let origin = zip(start, strides).reduce(0) { $0 + $1.0 * $1.1 }
    let extent = zip(extents, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    // Rows are the innermost axes that lie densely on both sides.
    var (row, axes) = (1, extents.count)
    while axes > 0, strides[axes - 1] == row || extents[axes - 1] == 1 {
      row *= extents[axes - 1]
      axes -= 1
    }
    let (outer, steps, length) = (Array(extents[..<axes]), Array(strides[..<axes]), row)
    runParallel(pool, count: count / length, grain: max(1, 32768 / length)) { range in
      let from = unsafe block.reading(count, "block")
      let to = unsafe writing(origin + extent) + origin
      for index in range {
        var (rest, place) = (index, 0)
        for axis in stride(from: outer.count - 1, through: 0, by: -1) {
          place += rest % outer[axis] * steps[axis]
          rest /= outer[axis]
        }
        unsafe (to + place).update(from: from + index * length, count: length)
      }
    }
  }
}
