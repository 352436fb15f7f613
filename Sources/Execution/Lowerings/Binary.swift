import Kernels
import ModelGraph
import Operators
import Tensors

/// An operator on two operands that stretch to a common shape.
struct BinaryStep: Step {
  let kind: String
  let operation: BinaryOperator
  let left: Region
  let right: Region
  let stretching: Stretching
  let clamp: Clamp
  let result: Region

  var reads: [Region] { [left, right] }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? {
    if left.count == result.count { return (left, result) }
    return right.count == result.count ? (right, result) : nil
  }

  func run(in frame: Frame) {
    Elementwise.binary(
      operation, stretching.left(frame.view(left)), stretching.right(frame.view(right)),
      images: stretching.images, rows: stretching.rows, columns: stretching.columns, clamp: clamp,
      into: frame.view(result), pool: frame.pool)
  }
}

/// How two operands stretch over `[images, rows, columns]`.
struct Stretching: Sendable {
  enum Spread: Sendable { case whole, scalar, perColumn, perImage, perRow }

  var images = 1
  var rows = 1
  var columns = 1
  private var spreads: (left: Spread, right: Spread) = (.whole, .whole)

  /// From the extents of the result and of both operands, axis by axis as they lie in memory; nil for a pattern that
  /// the kernel does not know.
  init?(result: [Int], left: [Int], right: [Int]) {
    var groups: [(extent: Int, left: Bool, right: Bool)] = []
    for (extent, (a, b)) in zip(result, zip(left, right)) where extent != 1 {
      if let last = groups.last, last.left == (a != 1), last.right == (b != 1) {
        groups[groups.count - 1].extent *= extent
      } else {
        groups.append((extent, a != 1, b != 1))
      }
    }
    guard groups.count <= 3, let left = Stretching.spread(groups.map(\.left)),
      let right = Stretching.spread(groups.map(\.right))
    else { return nil }
    columns = groups.last?.extent ?? 1
    if groups.count > 1 { rows = groups[groups.count - 2].extent }
    if groups.count > 2 { images = groups[0].extent }
    spreads = (left, right)
  }

  /// - Parameter varies: for each group of axes whether the operand has it.
  private static func spread(_ varies: [Bool]) -> Spread? {
    if !varies.contains(true) { return .scalar }
    if !varies.contains(false) { return .whole }
    switch varies {
    case [false, true], [false, false, true]: return .perColumn
    case [true, false], [true, true, false]: return .perRow
    case [true, false, true]: return .perImage
    default: return nil
    }
  }

  func left(_ view: FloatView) -> Operand { operand(view, spreads.left) }
  func right(_ view: FloatView) -> Operand { operand(view, spreads.right) }

  private func operand(_ view: FloatView, _ spread: Spread) -> Operand {
    switch spread {
    case .whole: .whole(view)
    case .scalar: .scalar(view)
    case .perColumn: .perColumn(view)
    case .perImage: .perImage(view)
    case .perRow: .perRow(view)
    }
  }
}

extension Lowering {
  static let add = Lowering(Add.self) { try $2.lowerBinary($1, .add) }
  static let subtract = Lowering(Sub.self) { try $2.lowerBinary($1, .subtract) }
  static let multiply = Lowering(Mul.self) { try $2.lowerBinary($1, .multiply) }
  static let divide = Lowering(Div.self) { try $2.lowerBinary($1, .divide) }
  static let power = Lowering(Pow.self) { try $2.lowerBinary($1, .power) }
  static let maximum = Lowering(Max.self) { try $2.lowerBinary($1, .maximum) }
  static let minimum = Lowering(Min.self) { try $2.lowerBinary($1, .minimum) }
  static let sum = Lowering(Sum.self) { try $2.lowerBinary($1, .add) }
}

extension ProgramBuilder {
  /// Two operands or more, taken together from the left.
  fileprivate func lowerBinary(_ node: Node, _ operation: BinaryOperator) throws -> Bool {
    let ids = node.inputs.compactMap { $0 }
    guard let output = node.outputs[0], let shape = floatShape(output), ids.count >= 2,
      ids.count == node.inputs.count, ids.allSatisfy({ floatShape($0) != nil })
    else { return false }
    let tail = takeTail(of: node, after: output, channelAxis: 1, [])
    // What fills the result in full, and need not be moved, says how it lies.
    let lead = ids.first { floatShape($0) == shape && !isConstant($0) }
    let layout = try lead.map { try floats($0).layout } ?? .rowMajor(shape.rank)
    var (left, leftExtents) = try stretched(ids[0], shape, layout)
    for (index, id) in ids.enumerated().dropFirst() {
      let isLast = index == ids.count - 1
      var (right, rightExtents) = try stretched(id, shape, layout)
      let extents =
        isLast
        ? layout.physical(shape).dimensions
        : zip(leftExtents, rightExtents).map { $0 == 1 ? $1 : $0 }
      var stretching = Stretching(result: extents, left: leftExtents, right: rightExtents)
      if stretching == nil {
        (left, right) = (
          expanded(left, leftExtents, extents), expanded(right, rightExtents, extents)
        )
        stretching = Stretching(result: extents, left: extents, right: extents)
      }
      guard let stretching else { return false }
      let result = isLast ? try self.result(tail.output, layout) : newBuffer(extents.reduce(1, *))
      append(
        BinaryStep(
          kind: tail.kind, operation: operation, left: left, right: right,
          stretching: stretching, clamp: isLast ? tail.clamp : .none, result: result))
      (left, leftExtents) = (result, extents)
    }
    return true
  }

  /// An operand's floats in the order of the result's axes, and its extents in that order.
  private func stretched(
    _ id: ValueID, _ shape: Shape, _ layout: AxisOrder
  ) throws -> (Region, [Int]) {
    let own = floatShape(id) ?? shape
    let missing = shape.rank - own.rank
    let order = AxisOrder(order: layout.order.filter { $0 >= missing }.map { $0 - missing })
    let extents = layout.order.map { $0 < missing ? 1 : own[$0 - missing] }
    return (try floats(id, order).operand, extents)
  }

  /// A copy of the operand at the result's full extents.
  private func expanded(_ operand: Region, _ extents: [Int], _ target: [Int]) -> Region {
    if extents == target { return operand }
    let strides = Shape(extents).contiguousStrides
    let result = newBuffer(target.reduce(1, *))
    append(
      ConversionStep(
        source: operand, result: result, shape: Shape(target),
        strides: zip(strides, extents).map { $1 == 1 ? 0 : $0 }))
    return result
  }
}
