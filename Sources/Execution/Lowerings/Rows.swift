import Kernels
import ModelGraph
import Operators
import Tensors

/// A function of whole rows.
struct RowsStep: Step {
  enum Function: Sendable {
    case softmax
    case logSoftmax
    case layerNorm(epsilon: Float)
    case rmsNorm(epsilon: Float)
    case localResponse(size: Int, alpha: Float, beta: Float, bias: Float)
  }

  let kind: String
  let function: Function
  let input: Region
  var scale: Region?
  var shift: Region?
  let result: Region
  let columns: Int

  var reads: [Region] { [input] + [scale, shift].compactMap { $0 } }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? {
    if case .localResponse = function { nil } else { (input, result) }
  }

  var rowCount: Int? { input.count / columns }

  func part(_ range: Range<Int>, of total: Int) -> (any Step)? {
    guard rowCount == total, scale?.buffer == nil, shift?.buffer == nil else { return nil }
    return RowsStep(
      kind: kind, function: function, input: input.rows(range, of: total), scale: scale,
      shift: shift, result: result.rows(range, of: total), columns: columns)
  }

  func run(in frame: Frame) {
    let (x, y, pool) = (frame.view(input), frame.view(result), frame.pool)
    let rows = input.count / columns
    switch function {
    case .softmax:
      Normalization.softmax(x, rows: rows, columns: columns, into: y, pool: pool)
    case .logSoftmax:
      Normalization.logSoftmax(x, rows: rows, columns: columns, into: y, pool: pool)
    case .layerNorm(let epsilon):
      Normalization.layerNorm(
        x, rows: rows, columns: columns, scale: scale.map(frame.view), shift: shift.map(frame.view),
        epsilon: epsilon, into: y, pool: pool)
    case .rmsNorm(let epsilon):
      Normalization.rmsNorm(
        x, rows: rows, columns: columns, scale: scale.map(frame.view), epsilon: epsilon, into: y,
        pool: pool)
    case .localResponse(let size, let alpha, let beta, let bias):
      Normalization.localResponse(
        x, rows: rows, columns: columns, size: size, alpha: alpha, beta: beta, bias: bias, into: y,
        pool: pool)
    }
  }
}

extension Lowering {
  static let softmax = Lowering(Softmax.self) { softmax, node, builder in
    try builder.lowerRows(node, axis: softmax.axis, .softmax)
  }

  static let logSoftmax = Lowering(LogSoftmax.self) { softmax, node, builder in
    try builder.lowerRows(node, axis: softmax.axis, .logSoftmax)
  }

  static let localResponseNormalization = Lowering(LRN.self) { norm, node, builder in
    try builder.lowerRows(
      node, axis: 1,
      .localResponse(
        size: norm.size, alpha: Float(norm.alpha), beta: Float(norm.beta), bias: Float(norm.bias)))
  }

  static let layerNormalization = Lowering(LayerNormalization.self) { norm, node, builder in
    try builder.lowerTrailing(
      node, axis: norm.axis, .layerNorm(epsilon: Float(norm.epsilon)))
  }

  static let rmsNormalization = Lowering(RMSNormalization.self) { norm, node, builder in
    try builder.lowerTrailing(node, axis: norm.axis, .rmsNorm(epsilon: Float(norm.epsilon)))
  }
}

extension ProgramBuilder {
  /// Rows of all axes from `axis` on, with a scale and perhaps a shift for each of their elements.
  fileprivate func lowerTrailing(
    _ node: Node, axis: Int, _ function: RowsStep.Function
  ) throws -> Bool {
    guard let x = node.inputs[0], let output = node.outputs[0], let shape = floatShape(x),
      floatShape(output) != nil, shape.elementCount > 0,
      node.outputs.dropFirst().allSatisfy({ $0 == nil })
    else { return false }
    let axis = axis < 0 ? axis + shape.rank : axis
    let row = Array(shape[axis...])
    func operand(_ index: Int) throws -> Region?? {
      guard node.inputs.count > index, let id = node.inputs[index] else { return .some(nil) }
      guard let own = floatShape(id), Array(own.drop { $0 == 1 }) == Array(row.drop { $0 == 1 })
      else { return nil }
      return try floats(id, .rowMajor(own.rank)).operand
    }
    guard let scale = try operand(1), let shift = try operand(2) else { return false }
    let layout = AxisOrder.rowMajor(shape.rank)
    append(
      RowsStep(
        kind: node.operator.name, function: function, input: try floats(x, layout).operand,
        scale: scale, shift: shift, result: try result(output, layout),
        columns: row.reduce(1, *)))
    return true
  }
}

extension ProgramBuilder {
  /// Rows along one axis: as the value lies, if that axis is the innermost, else moved there.
  fileprivate func lowerRows(
    _ node: Node, axis: Int, _ function: RowsStep.Function
  ) throws -> Bool {
    guard let x = node.inputs[0], let output = node.outputs[0], let shape = floatShape(x),
      floatShape(output) != nil, shape.rank > 0, shape.elementCount > 0
    else { return false }
    let axis = axis < 0 ? axis + shape.rank : axis
    let current = try floats(x).layout
    let isInnermost = current.order.last { shape[$0] != 1 || $0 == axis } == axis
    let layout =
      isInnermost
      ? current
      : AxisOrder(order: current.order.filter { $0 != axis } + [axis])
    append(
      RowsStep(
        kind: node.operator.name, function: function, input: try floats(x, layout).operand,
        result: try result(output, layout), columns: shape[axis]))
    return true
  }
}
