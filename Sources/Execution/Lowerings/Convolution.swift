import Kernels
import ModelGraph
import Operators
import Tensors

/// Weights of a convolution, packed for one way of computing it.
protocol ConvolutionWeights: Sendable {
  func convolve(
    _ input: FloatView, geometry: ConvolutionGeometry, into result: FloatView, epilogue: Epilogue,
    pool: ThreadPool?)
}

extension PackedConvolution: ConvolutionWeights {}
extension WinogradConvolution: ConvolutionWeights {}

/// A convolution over channels-last images, with what follows it.
struct ConvolutionStep<Weights: ConvolutionWeights>: Step {
  let kind: String
  let input: Region
  let residual: Region?
  let result: Region
  let weights: Weights
  let geometry: ConvolutionGeometry
  let bias: FloatView?
  let clamp: Clamp

  var operations: Int { geometry.operations }
  var reads: [Region] { [input] + (residual.map { [$0] } ?? []) }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? { residual.map { ($0, result) } }

  func run(in frame: Frame) {
    weights.convolve(
      frame.view(input), geometry: geometry, into: frame.view(result),
      epilogue: Epilogue(bias: bias, residual: residual.map(frame.view), clamp: clamp),
      pool: frame.pool)
  }
}

/// A convolution that gives each channel a window of its own.
struct DepthwiseStep: Step {
  let kind: String
  let input: Region
  let result: Region
  let weights: DepthwiseConvolution
  let geometry: ConvolutionGeometry
  let bias: FloatView?
  let clamp: Clamp

  var operations: Int { geometry.operations }
  var reads: [Region] { [input] }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    weights.convolve(
      frame.view(input), geometry: geometry, into: frame.view(result), bias: bias, clamp: clamp,
      pool: frame.pool)
  }
}

extension Lowering {
  static let convolution = Lowering(Conv.self) { conv, node, builder in
    if !builder.isConstant(node.inputs[1]) {
      return try builder.lowerGivenConvolution(conv, node)
    }
    guard let given = node.inputs[0], let output = node.outputs[0],
      let outputShape = builder.floatShape(output), let weight = builder.constant(node.inputs[1]),
      node.inputs.count < 3 || node.inputs[2] == nil || builder.isConstant(node.inputs[2])
    else { return false }
    let (x, extra) = builder.unpadded(given)
    let window = Window(
      kernel: Array(weight.shape[2...]), strides: conv.strides, padding: conv.padding,
      dilations: conv.dilations)
    guard let inputShape = builder.floatShape(x),
      let geometry = window.geometry(
        input: inputShape, output: outputShape, groups: conv.groups, extra: extra)
    else { return false }
    let isDepthwise = geometry.isDepthwise && geometry.channels > 1
    var tail = builder.takeTail(
      of: node, after: output, channelAxis: 1, isDepthwise ? [.scale, .shift] : .all)
    if node.inputs.count > 2, let bias = builder.constant(node.inputs[2])?.floats {
      tail.add(tail.scale.map { zip($0, bias).map { $0 * $1 } } ?? bias)
    }
    let layout = AxisOrder.channelsLast(inputShape.rank)
    let input = try builder.floats(x, layout).operand
    let residual = try tail.residual.map { try builder.floats($0, layout).operand }
    let result = try builder.result(tail.output, layout)
    let bias = tail.shift.map { FloatView($0) }
    let isTiled = builder.usesWinograd(for: geometry)
    let key = builder.weightKey(
      node.inputs[1], tail, details: [conv.groups, isDepthwise ? 1 : 0, isTiled ? 1 : 0])
    let packed = builder.weights.find(key) {
      let source = Weight(
        convolution: weight, scale: tail.scale.map { FloatView($0) })
      defer { weight.releasePages() }
      if isTiled { return .winograd(WinogradConvolution(source, pool: builder.pool)) }
      return isDepthwise
        ? .depthwise(DepthwiseConvolution(source, channels: geometry.channels))
        : .convolution(PackedConvolution(source, groups: conv.groups, pool: builder.pool))
    }
    switch packed {
    case .convolution(let weights):
      builder.append(
        ConvolutionStep(
          kind: tail.kind, input: input, residual: residual, result: result, weights: weights,
          geometry: geometry, bias: bias, clamp: tail.clamp))
    case .winograd(let weights):
      builder.append(
        ConvolutionStep(
          kind: tail.kind, input: input, residual: residual, result: result, weights: weights,
          geometry: geometry, bias: bias, clamp: tail.clamp))
    case .depthwise(let weights):
      builder.append(
        DepthwiseStep(
          kind: tail.kind, input: input, result: result, weights: weights, geometry: geometry,
          bias: bias, clamp: tail.clamp))
    case .matrix, .narrowMatrix, .transposed: return false
    }
    return true
  }
}

extension Weight {
  /// The weights `[outputs, inputs, kernel…]` of a convolution where they lie, under any strides.
  init(convolution tensor: Tensor, scale: FloatView?) {
    let (values, strides) = FloatView.dense(tensor)
    let isFlat = tensor.rank == 3
    self.init(
      values, outputs: tensor.shape[0], inputs: tensor.shape[1],
      kernelHeight: isFlat ? 1 : tensor.shape[2], kernelWidth: tensor.shape[tensor.rank - 1],
      strides: (strides[0], strides[1], isFlat ? 0 : strides[2], strides[tensor.rank - 1]),
      scale: scale)
  }
}

extension FloatView {
  /// The floats of a tensor as they lie, if they lie densely in some order of the axes, else a copy; with the steps
  /// along its axes.
  static func dense(_ tensor: Tensor) -> (view: FloatView, strides: [Int]) {
    let order = (0..<tensor.rank).sorted { tensor.strides[$0] > tensor.strides[$1] }
    if let view = FloatView(reading: tensor.permuted(order)) { return (view, tensor.strides) }
    return (FloatView(tensor), tensor.shape.contiguousStrides)
  }
}

extension ProgramBuilder {
  /// Never by the number of threads, on which no result may depend.
  func usesWinograd(for geometry: ConvolutionGeometry) -> Bool {
    switch winograd {
    case .never: false
    case .whereFaster: WinogradConvolution.isFaster(for: geometry)
    case .always: WinogradConvolution.serves(geometry)
    }
  }

  /// What tells packed weights apart: their tensor, what is folded into them, and how they are packed.
  func weightKey(_ id: ValueID?, _ tail: Tail, details: [Int]) -> WeightCache.Key {
    WeightCache.Key(
      tensor: id.flatMap { graph.constants[$0]?.identity }, scale: tail.scale, details: details)
  }
}
