import Tensors

/// The order in which a value's axes lie in memory, densely; the outermost first.
///
/// Shapes stay what the graph says. A transposition changes this order only, and costs nothing.
struct AxisOrder: Sendable, Hashable {
  /// The place `k` from outside holds the value's axis `order[k]`.
  let order: [Int]

  init(order: [Int]) { self.order = order }

  /// The last axis is dense, as in PyTorch and NumPy.
  static func rowMajor(_ rank: Int) -> AxisOrder { AxisOrder(order: Array(0..<rank)) }

  /// `[N, C, …]` lies as `[N, …, C]`: pixel by pixel.
  static func channelsLast(_ rank: Int) -> AxisOrder {
    rank < 3 ? rowMajor(rank) : AxisOrder(order: [0] + Array(2..<rank) + [1])
  }

  var rank: Int { order.count }

  /// The shape's extents as they lie in memory.
  func physical(_ shape: Shape) -> Shape { Shape(order.map { shape[$0] }) }

  /// Elements from one index to the next along each axis of the value.
  func strides(_ shape: Shape) -> [Int] {
    let dense = physical(shape).contiguousStrides
    var strides = [Int](repeating: 0, count: rank)
    for (place, axis) in order.enumerated() { strides[axis] = dense[place] }
    return strides
  }

  /// Whether both put every element of `shape` at the same place; axes of extent 1 may lie anywhere.
  func places(_ shape: Shape, like other: AxisOrder) -> Bool {
    if shape.elementCount < 2 { return true }
    return order.filter { shape[$0] != 1 } == other.order.filter { shape[$0] != 1 }
  }

  /// The layout of the same memory after the axes are permuted: axis `i` of the result was axis `permutation[i]`.
  func transposed(by permutation: [Int]) -> AxisOrder {
    var inverse = [Int](repeating: 0, count: rank)
    for (new, old) in permutation.enumerated() { inverse[old] = new }
    return AxisOrder(order: order.map { inverse[$0] })
  }
}
