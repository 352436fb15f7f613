import Kernels
import ModelGraph
import Tensors

/// Where the heads of queries, keys, values or results lie.
struct HeadPlaces {
  var batch: Int
  var heads: Int
  var rows: Int
  var size: Int
  var strides: HeadStrides

  /// Row-major `[batch, rows, heads · size]`, or `[batch, heads, rows, size]` in any order of axes that leaves features dense;
  /// nil for another.
  init?(_ shape: Shape, heads: Int?, layout: AxisOrder) {
    if shape.rank == 3, let heads, heads > 0, shape[2] % heads == 0 {
      guard layout.places(shape, like: .rowMajor(3)) else { return nil }
      self.init(
        batch: shape[0], heads: heads, rows: shape[1], size: shape[2] / heads,
        strides: HeadStrides(
          batch: shape[1] * shape[2], head: shape[2] / heads, row: shape[2]))
      return
    }
    guard shape.rank == 4, layout.order.last == 3 else { return nil }
    let strides = layout.strides(shape)
    self.init(
      batch: shape[0], heads: shape[1], rows: shape[2], size: shape[3],
      strides: HeadStrides(batch: strides[0], head: strides[1], row: strides[2]))
  }

  fileprivate init(batch: Int, heads: Int, rows: Int, size: Int, strides: HeadStrides) {
    self.batch = batch
    self.heads = heads
    self.rows = rows
    self.size = size
    self.strides = strides
  }
}

extension ProgramBuilder {
  /// The value's floats with where its heads lie: as they are, if features are dense there, else row-major.
  func heads(_ id: ValueID, _ heads: Int?) throws -> (operand: Region, places: HeadPlaces)? {
    guard let shape = floatShape(id), shape.elementCount > 0 else { return nil }
    guard shape.rank == 3 || shape.rank == 4 else { return nil }
    if let column = columnPlaces[id], let heads, heads > 0, shape.rank == 3, shape[2] % heads == 0 {
      let places = HeadPlaces(
        batch: shape[0], heads: heads, rows: shape[1], size: shape[2] / heads,
        strides: HeadStrides(
          batch: shape[1] * column.stride, head: shape[2] / heads, row: column.stride))
      return (column.part(rows: shape[0] * shape[1], columns: shape[2]), places)
    }
    let found = try floats(id)
    if let places = HeadPlaces(shape, heads: heads, layout: found.layout) {
      return (found.operand, places)
    }
    let rowMajor = AxisOrder.rowMajor(shape.rank)
    guard let places = HeadPlaces(shape, heads: heads, layout: rowMajor) else { return nil }
    return (try floats(id, rowMajor).operand, places)
  }
}
