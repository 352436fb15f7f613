import Kernels
import ModelGraph
import Operators
import Tensors

/// A normalisation by the batch's own statistics, with what is added to it.
struct BatchNormalizationStep: Step {
  let kind: String
  let kernel: ChannelNormalization
  let input: Region
  let scale: Region
  let bias: Region
  let residual: Region?
  let clamp: Clamp
  let mean: Region
  let variance: Region
  let result: Region
  let scratch: Region

  var reads: [Region] { [input, scale, bias] + (residual.map { [$0] } ?? []) }
  var writes: [Region] { [result, mean, variance, scratch] }
  var inPlace: (read: Region, write: Region)? { residual.map { ($0, result) } }

  func run(in frame: Frame) {
    kernel.normalise(
      frame.view(input), scale: frame.view(scale), bias: frame.view(bias),
      residual: residual.map(frame.view), clamp: clamp, mean: frame.view(mean),
      variance: frame.view(variance), into: frame.view(result), scratch: frame.view(scratch),
      pool: frame.pool)
  }
}

struct BatchNormalizationGradientStep: Step {
  let kernel: ChannelNormalization
  let flow: Region
  /// What flows counts only where this is above zero.
  let gate: Region?
  let input: Region
  let scale: Region
  let mean: Region
  let variance: Region
  let result: Region
  let byScale: Region
  let byBias: Region
  let scratch: Region

  var kind: String {
    (gate == nil ? "" : UnaryGradient.name + "+") + BatchNormalizationGradient.name
  }
  var reads: [Region] { [flow, input, scale, mean, variance] + (gate.map { [$0] } ?? []) }
  var writes: [Region] { [result, byScale, byBias, scratch] }
  var inPlace: (read: Region, write: Region)? { (flow, result) }

  func run(in frame: Frame) {
    kernel.gradient(
      frame.view(flow), gate: gate.map(frame.view), at: frame.view(input),
      scale: frame.view(scale), mean: frame.view(mean), variance: frame.view(variance),
      into: frame.view(result), byScale: frame.view(byScale), byBias: frame.view(byBias),
      scratch: frame.view(scratch), pool: frame.pool)
  }
}

extension Lowering {
  static let batchNormalizationInTraining = Lowering(BatchNormalizationInTraining.self) {
    norm, node, builder in
    guard let x = node.inputs[0], let scale = node.inputs[1], let bias = node.inputs[2],
      let output = node.outputs[0], let mean = node.outputs[1], let variance = node.outputs[2],
      let shape = builder.floatShape(x), shape.elementCount > 0
    else { return false }
    let kernel = ChannelNormalization(
      rows: shape.elementCount / shape[1], channels: shape[1], epsilon: norm.epsilon)
    let tail = builder.takeTail(of: node, after: output, channelAxis: 1, .residual)
    let (layout, line) = (AxisOrder.channelsLast(shape.rank), AxisOrder.rowMajor(1))
    builder.append(
      BatchNormalizationStep(
        kind: tail.kind, kernel: kernel, input: try builder.floats(x, layout).operand,
        scale: try builder.floats(scale, line).operand,
        bias: try builder.floats(bias, line).operand,
        residual: try tail.residual.map { try builder.floats($0, layout).operand },
        clamp: tail.clamp, mean: try builder.result(mean, line),
        variance: try builder.result(variance, line),
        result: try builder.result(tail.output, layout),
        scratch: builder.newBuffer(kernel.scratchCount)))
    return true
  }

  static let batchNormalizationGradient = Lowering(BatchNormalizationGradient.self) {
    norm, node, builder in
    guard let given = node.inputs[0], let x = node.inputs[1], let scale = node.inputs[2],
      let mean = node.inputs[3], let variance = node.inputs[4], let output = node.outputs[0],
      let byScale = node.outputs[1], let byBias = node.outputs[2],
      let shape = builder.floatShape(x), shape.elementCount > 0,
      builder.floatShape(given) != nil
    else { return false }
    let kernel = ChannelNormalization(
      rows: shape.elementCount / shape[1], channels: shape[1], epsilon: norm.epsilon)
    let (layout, line) = (AxisOrder.channelsLast(shape.rank), AxisOrder.rowMajor(1))
    let gated = builder.gatedFlows[given]
    builder.append(
      BatchNormalizationGradientStep(
        kernel: kernel, flow: try builder.floats(gated?.flow ?? given, layout).operand,
        gate: try gated.map { try builder.floats($0.gate, layout).operand },
        input: try builder.floats(x, layout).operand,
        scale: try builder.floats(scale, line).operand,
        mean: try builder.floats(mean, line).operand,
        variance: try builder.floats(variance, line).operand,
        result: try builder.result(output, layout),
        byScale: try builder.result(byScale, line), byBias: try builder.result(byBias, line),
        scratch: builder.newBuffer(kernel.scratchCount)))
    return true
  }
}

extension ProgramBuilder {
  /// Whether only the gradient of a normalisation uses the value, which can stop what does not flow itself.
  func leavesGate(of id: ValueID) -> Bool {
    guard let (_, node) = soleConsumer(id), node.operator is BatchNormalizationGradient,
      node.inputs[0] == id, node.outputs.allSatisfy({ $0 != nil }),
      let shape = floatShape(node.inputs[1])
    else { return false }
    return shape.elementCount > 0
  }
}
