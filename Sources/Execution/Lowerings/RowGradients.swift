import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

// Gradients of functions of elements and rows.

struct UnaryGradientStep: Step {
  let slope: UnarySlope
  let flow: Region
  let value: Region
  let result: Region

  var kind: String { UnaryGradient.name }
  var reads: [Region] { [flow, value] }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? { (flow, result) }

  func run(in frame: Frame) {
    Elementwise.gradient(
      slope, frame.view(flow), at: frame.view(value), count: flow.count, into: frame.view(result),
      pool: frame.pool)
  }
}

struct RowNormalizationGradientStep: Step {
  let flow: Region
  let input: Region
  let scale: Region
  let result: Region
  let byScale: Region
  let byBias: Region?
  let scratch: Region
  let columns: Int
  let epsilon: Float
  let isCentred: Bool

  var kind: String { RowNormalizationGradient.name }
  var reads: [Region] { [flow, input, scale] }
  var writes: [Region] { [result, byScale, scratch] + (byBias.map { [$0] } ?? []) }
  var inPlace: (read: Region, write: Region)? { (flow, result) }

  func run(in frame: Frame) {
    RowGradients.normalization(
      frame.view(flow), at: frame.view(input), rows: input.count / columns, columns: columns,
      scale: frame.view(scale), epsilon: epsilon, isCentred: isCentred, into: frame.view(result),
      byScale: frame.view(byScale), byShift: byBias.map(frame.view),
      scratch: frame.view(scratch), pool: frame.pool)
  }
}

struct SoftmaxGradientStep: Step {
  let flow: Region
  let shares: Region
  let result: Region
  let columns: Int
  let isLogarithm: Bool

  var kind: String { SoftmaxGradient.name }
  var reads: [Region] { [flow, shares] }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? { (flow, result) }

  func run(in frame: Frame) {
    RowGradients.softmax(
      frame.view(flow), at: frame.view(shares), isLogarithm: isLogarithm,
      rows: flow.count / columns, columns: columns, into: frame.view(result), pool: frame.pool)
  }
}

extension Lowering {
  static let rowGradients: [Lowering] = [
    unaryGradient, rowNormalizationGradient, softmaxGradient,
  ]

  private static let unaryGradient = Lowering(UnaryGradient.self) { gradient, node, builder in
    guard let flow = node.inputs[0], let value = node.inputs[1], let output = node.outputs[0],
      let slope = UnarySlope(gradient.slope), builder.floatShape(flow) != nil,
      builder.floatShape(value) != nil
    else { return false }
    if slope == .relu, builder.leavesGate(of: output) {
      builder.gatedFlows[output] = (flow, value)
      return true
    }
    let (at, layout) = try builder.floats(value)
    builder.append(
      UnaryGradientStep(
        slope: slope, flow: try builder.floats(flow, layout).operand, value: at,
        result: try builder.result(output, layout)))
    return true
  }

  private static let rowNormalizationGradient = Lowering(RowNormalizationGradient.self) {
    gradient, node, builder in
    guard let flow = node.inputs[0], let x = node.inputs[1], let scale = node.inputs[2],
      let output = node.outputs[0], let byScale = node.outputs[1], let byBias = node.outputs[2],
      let shape = builder.floatShape(x), let row = builder.floatShape(scale),
      shape.elementCount > 0, builder.floatShape(flow) != nil
    else { return false }
    let (layout, columns) = (AxisOrder.rowMajor(shape.rank), row.elementCount)
    let rowLayout = AxisOrder.rowMajor(row.rank)
    let scratch = Kernels.RowGradients.scratchCount(
      rows: shape.elementCount / columns, columns: columns)
    let isBiased = !builder.nodes(using: byBias).isEmpty
    builder.append(
      RowNormalizationGradientStep(
        flow: try builder.floats(flow, layout).operand,
        input: try builder.floats(x, layout).operand,
        scale: try builder.floats(scale, rowLayout).operand,
        result: try builder.result(output, layout),
        byScale: try builder.result(byScale, rowLayout),
        byBias: isBiased ? try builder.result(byBias, rowLayout) : nil,
        scratch: builder.newBuffer(scratch), columns: columns, epsilon: Float(gradient.epsilon),
        isCentred: gradient.isCentred))
    return true
  }

  private static let softmaxGradient = Lowering(SoftmaxGradient.self) { gradient, node, builder in
    guard let flow = node.inputs[0], let y = node.inputs[1], let output = node.outputs[0],
      let shape = builder.floatShape(y), builder.floatShape(flow) != nil,
      shape.elementCount > 0
    else { return false }
    // The axis innermost
    let others = (0..<shape.rank).filter { $0 != gradient.axis }
    let layout = AxisOrder(order: others + [gradient.axis])
    builder.append(
      SoftmaxGradientStep(
        flow: try builder.floats(flow, layout).operand,
        shares: try builder.floats(y, layout).operand,
        result: try builder.result(output, layout), columns: shape[gradient.axis],
        isLogarithm: gradient.isLogarithm))
    return true
  }
}

extension UnarySlope {
  /// Nil for one that has no kernel.
  fileprivate init?(_ slope: any Slope) {
    switch slope {
    case is Relu: self = .relu
    case let inside as Clip.Inside:
      self = .clip(Clamp(minimum: Float(inside.minimum), maximum: Float(inside.maximum)))
    case let leaky as LeakyRelu: self = .leakyRelu(alpha: Float(leaky.alpha))
    case is Sigmoid: self = .sigmoid
    case is Tanh: self = .tanh
    case let swish as Swish where swish.alpha == 1: self = .silu
    case let gelu as Gelu: self = gelu.approximation == .tanh ? .geluTanh : .gelu
    case let gate as HardSigmoid:
      self = .hardSigmoid(alpha: Float(gate.alpha), beta: Float(gate.beta))
    case is HardSwish: self = .hardSwish
    default: return nil
    }
  }
}
