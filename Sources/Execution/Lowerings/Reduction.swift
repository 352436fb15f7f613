import Kernels
import ModelGraph
import Operators
import Tensors

/// One number of many: `[batch, rows, columns]` to `[batch, columns]`.
struct ReductionStep: Step {
  let kind: String
  let reduction: Kernels.Reduction
  let input: Region
  let result: Region
  let batch: Int
  let rows: Int
  let columns: Int

  var reads: [Region] { [input] }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    let (x, y) = (frame.view(input), frame.view(result))
    if columns == 1 {
      reduction.overColumns(x, rows: batch, columns: rows, into: y, pool: frame.pool)
    } else {
      reduction.overRows(x, batch: batch, rows: rows, columns: columns, into: y, pool: frame.pool)
    }
  }
}

extension Lowering {
  static let reductions: [Lowering] = [
    reduction(ReduceMean.self, .mean),
    reduction(ReduceSum.self, .sum),
    reduction(ReduceMax.self, .maximum),
    reduction(ReduceMin.self, .minimum),
    Lowering(GlobalAveragePool.self) { try $2.lowerGlobalPooling($1, .mean) },
    Lowering(GlobalMaxPool.self) { try $2.lowerGlobalPooling($1, .maximum) },
  ]

  private static func reduction<Subject: Operators.Reduction>(
    _ subject: Subject.Type, _ reduction: Kernels.Reduction
  ) -> Lowering {
    Lowering(subject) { typed, node, builder in
      guard let rank = builder.floatShape(node.inputs[0])?.rank else { return false }
      var axes = Array(0..<rank)
      if node.inputs.count > 1, let id = node.inputs[1] {
        guard let given = builder.constant(id)?.integers else { return false }
        if !given.isEmpty { axes = given.map { $0 < 0 ? $0 + rank : $0 } }
        if given.isEmpty, typed.noopWithEmptyAxes { return false }
      } else if typed.noopWithEmptyAxes {
        return false
      }
      return try builder.lowerReduction(
        node, axes: Set(axes), keepsDimensions: typed.keepDimensions, reduction)
    }
  }
}

extension ProgramBuilder {
  fileprivate func lowerGlobalPooling(
    _ node: Node, _ reduction: Kernels.Reduction
  ) throws -> Bool {
    guard let shape = floatShape(node.inputs[0]), shape.rank > 2 else { return false }
    return try lowerReduction(
      node, axes: Set(2..<shape.rank), keepsDimensions: true, reduction)
  }

  fileprivate func lowerReduction(
    _ node: Node, axes: Set<Int>, keepsDimensions: Bool, _ reduction: Kernels.Reduction
  ) throws -> Bool {
    guard let x = node.inputs[0], let output = node.outputs[0], let shape = floatShape(x),
      floatShape(output) != nil, shape.elementCount > 0, axes.isSubset(of: 0..<shape.rank)
    else { return false }
    var layout = try floats(x).layout
    if !layout.isRun(axes, shape) {
      layout = AxisOrder(
        order: layout.order.filter { !axes.contains($0) } + layout.order.filter(axes.contains))
    }
    let input = try floats(x, layout).operand
    let first = layout.order.firstIndex { axes.contains($0) && shape[$0] != 1 } ?? 0
    let before = layout.order[..<first].filter { !axes.contains($0) }
    let after = layout.order[first...].filter { !axes.contains($0) }
    // Without the axes that are gone, the others have lower numbers.
    let kept = (0..<shape.rank).filter { !axes.contains($0) }
    let resultLayout =
      keepsDimensions
      ? layout
      : AxisOrder(order: (before + after).map { axis in kept.filter { $0 < axis }.count })
    append(
      ReductionStep(
        kind: node.operator.name, reduction: reduction, input: input,
        result: try result(output, resultLayout), batch: before.reduce(1) { $0 * shape[$1] },
        rows: axes.reduce(1) { $0 * shape[$1] }, columns: after.reduce(1) { $0 * shape[$1] }))
    return true
  }
}

extension AxisOrder {
  /// Whether these axes lie side by side; those of extent 1 do not count.
  fileprivate func isRun(_ axes: Set<Int>, _ shape: Shape) -> Bool {
    let places = order.filter { shape[$0] != 1 }.enumerated().filter { axes.contains($0.element) }
    guard let first = places.first, let last = places.last else { return true }
    return last.offset - first.offset + 1 == places.count
  }
}
