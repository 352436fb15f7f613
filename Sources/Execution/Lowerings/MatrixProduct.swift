import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

/// Weights of a matrix product, packed or where they lie.
protocol MatrixWeights: Sendable {
  var inputs: Int { get }
  var outputs: Int { get }
  /// Bytes that a product reads of them.
  var byteCount: Int { get }
  /// Whether a row's results are the same whatever other rows there are.
  var isRowwise: Bool { get }
  func multiply(
    _ input: FloatView, rows: Int, into result: FloatView, epilogue: Epilogue, pool: ThreadPool?)
}

/// Weights that were packed for it, so that the left matrix may lie as it likes.
protocol PackedWeights: MatrixWeights {
  func multiplyAcross(
    _ left: FloatView, rows: Int, stride: Int, into result: FloatView, pool: ThreadPool?)
}

extension PackedMatrix: PackedWeights {}
extension BFloat16Matrix: PackedWeights {}
extension StoredMatrix: MatrixWeights {
  var isRowwise: Bool { false }
}

/// A matrix product with known weights, and what follows it.
struct MatrixProductStep<Weights: MatrixWeights>: Step {
  let kind: String
  let input: Region
  let residual: Region?
  let result: Region
  let weights: Weights
  let rows: Int
  let bias: FloatView?
  let clamp: Clamp
  var activation: UnaryOperator?
  var factor: Region?

  var operations: Int { 2 * rows * weights.inputs * weights.outputs }
  var weightBytes: Int { weights.byteCount }
  var rowCount: Int? { weights.isRowwise ? rows : nil }
  var reads: [Region] { [input] + [residual, factor].compactMap { $0 } }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? { residual.map { ($0, result) } }

  func run(in frame: Frame) {
    weights.multiply(
      frame.view(input), rows: rows, into: frame.view(result),
      epilogue: Epilogue(
        bias: bias, residual: residual.map(frame.view), clamp: clamp, activation: activation,
        factor: factor.map(frame.view)),
      pool: frame.pool)
  }

  func part(_ range: Range<Int>, of total: Int) -> (any Step)? {
    guard rowCount == total else { return nil }
    return MatrixProductStep(
      kind: kind, input: input.rows(range, of: total), residual: residual?.rows(range, of: total),
      result: result.rows(range, of: total), weights: weights, rows: range.count, bias: bias,
      clamp: clamp, activation: activation, factor: factor?.rows(range, of: total))
  }
}

extension Lowering {
  static let gemm = Lowering(Gemm.self) { gemm, node, builder in
    let isLinear = !gemm.transposeA && gemm.transposeB && gemm.alpha == 1 && gemm.beta == 1
    if isLinear, try builder.lowerToStoredProduct(node) { return true }
    if isLinear, !builder.isConstant(node.inputs[1]), builder.floatShape(node.inputs[0])?.rank == 2,
      node.inputs.count < 3 || node.inputs[2] == nil
        || builder.floatShape(node.inputs[2])?.rank == 1
    {
      return try builder.lowerGivenLinear(node)
    }
    guard let a = node.inputs[0], let b = node.inputs[1], let output = node.outputs[0],
      let shape = builder.floatShape(output), shape.elementCount > 0,
      let weight = builder.floatShape(b), weight.elementCount > 0, builder.isConstant(b),
      builder.floatShape(a) != nil
    else { return false }
    var bias: [Float]?
    if node.inputs.count > 2, let c = node.inputs[2] {
      guard let values = builder.channelValues(c, axis: 1, of: shape) else { return false }
      bias = values.map { $0 * Float(gemm.beta) }
    }
    return try builder.lowerProduct(
      node, a, layout: AxisOrder(order: gemm.transposeA ? [1, 0] : [0, 1]),
      weight: b, isTransposed: gemm.transposeB, alpha: Float(gemm.alpha), bias: bias)
  }

  static let linear = Lowering(Linear.self) { _, node, builder in
    if try builder.lowerToStoredProduct(node) { return true }
    if let weight = node.inputs[1], !builder.isConstant(weight) {
      return try builder.lowerGivenLinear(node)
    }
    if try builder.lowerToJoinedProduct(node) { return true }
    guard let x = node.inputs[0], let b = node.inputs[1], let output = node.outputs[0],
      let xShape = builder.floatShape(x), let shape = builder.floatShape(output),
      shape.elementCount > 0, xShape.rank > 0, builder.isConstant(b),
      let weight = builder.floatShape(b), weight.elementCount > 0
    else { return false }
    var bias: [Float]?
    if node.inputs.count > 2, let c = node.inputs[2] {
      guard let values = builder.channelValues(c, axis: shape.rank - 1, of: shape) else {
        return false
      }
      bias = values
    }
    return try builder.lowerProduct(
      node, x, layout: .rowMajor(xShape.rank), weight: b, isTransposed: true, bias: bias)
  }

  static let matMul = Lowering(MatMul.self) { _, node, builder in
    guard let a = node.inputs[0], let b = node.inputs[1], let output = node.outputs[0],
      let aShape = builder.floatShape(a), let shape = builder.floatShape(output),
      shape.elementCount > 0, aShape.rank > 1
    else { return false }
    guard builder.isConstant(b), let weight = builder.floatShape(b), weight.rank == 2,
      weight.elementCount > 0
    else {
      return try builder.lowerGeneralProduct(node, a, b, output)
    }
    return try builder.lowerProduct(
      node, a, layout: .rowMajor(aShape.rank), weight: b, isTransposed: false, bias: nil)
  }
}

extension ProgramBuilder {
  /// `a · weight` with a tail; `weight` is `[inputs, outputs]`, or the other way round.
  ///
  /// A weight in a narrow type is widened only to be packed, which is done once.
  fileprivate func lowerProduct(
    _ node: Node, _ a: ValueID, layout: AxisOrder, weight id: ValueID, isTransposed: Bool,
    alpha: Float = 1, bias: [Float]?
  ) throws -> Bool {
    guard let output = node.outputs[0], let shape = floatShape(output),
      let weightShape = floatShape(id)
    else { return false }
    let outputs = weightShape[isTransposed ? 0 : 1]
    var tail = takeTail(of: node, after: output, channelAxis: shape.rank - 1, .product)
    if let bias { tail.add(tail.scale.map { zip($0, bias).map { $0 * $1 } } ?? bias) }
    if alpha != 1 {
      tail.scale = (tail.scale ?? [Float](repeating: 1, count: outputs)).map { $0 * alpha }
    }
    let input = try floats(a, layout).operand
    let rowMajor = AxisOrder.rowMajor(shape.rank)
    let residual = try tail.residual.map { try floats($0, rowMajor).operand }
    let factor = try tail.factor.map { try floats($0, rowMajor).operand }
    let details = [isTransposed ? 1 : 0, products == .float32 ? 0 : 1]
    let packed = try weights.find(weightKey(id, tail, details: details)) {
      guard let stored = constant(id) else {
        throw DataError(.malformed, "'\(graph[id].name)' is not known")
      }
      let weight = isTransposed ? stored.transposed : stored
      let (values, strides) = FloatView.dense(weight)
      let matrix = Weight(
        values, outputs: weight.shape[1], inputs: weight.shape[0], kernelHeight: 1,
        kernelWidth: 1, strides: (strides[1], strides[0], 0, 0),
        scale: tail.scale.map { FloatView($0) })
      return switch products {
      case .float32: .matrix(PackedMatrix(matrix, pool: pool))
      case .bfloat16: .narrowMatrix(BFloat16Matrix(matrix, pool: pool))
      }
    }
    func append(_ matrix: some MatrixWeights) throws {
      self.append(
        MatrixProductStep(
          kind: tail.kind, input: input, residual: residual,
          result: try result(tail.output, rowMajor), weights: matrix,
          rows: shape.elementCount / matrix.outputs, bias: tail.shift.map { FloatView($0) },
          clamp: tail.clamp, activation: tail.activation, factor: factor))
    }
    switch packed {
    case .matrix(let matrix): try append(matrix)
    case .narrowMatrix(let matrix): try append(matrix)
    default: return false
    }
    return true
  }
}
