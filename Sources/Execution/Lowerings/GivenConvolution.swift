import Kernels
import ModelGraph
import Operators
import Tensors

/// A convolution by weights that the run is given, packed anew each time.
struct GivenConvolutionStep: Step {
  enum Way: Sendable { case depthwise, winograd, plain }

  let kind: String
  let way: Way
  let input: Region
  let weight: Region
  let bias: Region?
  let residual: Region?
  let clamp: Clamp
  let result: Region
  /// Where the weight is packed.
  let scratch: Region
  let geometry: ConvolutionGeometry
  /// Of the weight, along `[outputs, inputs, kernelHeight, kernelWidth]`.
  let strides: [Int]
  /// Whether the weight is that of the convolution that this one transposes.
  let isTransposed: Bool

  var operations: Int { geometry.operations }
  var reads: [Region] { [input, weight] + [bias, residual].compactMap { $0 } }
  var writes: [Region] { [result, scratch] }
  var inPlace: (read: Region, write: Region)? { residual.map { ($0, result) } }

  func run(in frame: Frame) {
    let given = (isTransposed ? geometry.transposed ?? geometry : geometry)
      .weight(frame.view(weight), strides: strides)
    let source = isTransposed ? given.transposed : given
    let (x, y, memory) = (frame.view(input), frame.view(result), frame.view(scratch))
    let epilogue = Epilogue(
      bias: bias.map(frame.view), residual: residual.map(frame.view), clamp: clamp)
    switch way {
    case .depthwise:
      DepthwiseConvolution(source, channels: geometry.channels).convolve(
        x, geometry: geometry, into: y, bias: bias.map(frame.view), clamp: clamp,
        pool: frame.pool)
    case .winograd:
      WinogradConvolution(source, memory: memory, pool: frame.pool).convolve(
        x, geometry: geometry, into: y, epilogue: epilogue, pool: frame.pool)
    case .plain:
      PackedConvolution(source, groups: geometry.groups, memory: memory, pool: frame.pool)
        .convolve(x, geometry: geometry, into: y, epilogue: epilogue, pool: frame.pool)
    }
  }
}

/// A transposed convolution by weights that the run is given; the geometry is that of the convolution that it
/// transposes.
struct GivenTransposedConvolutionStep: Step {
  let input: Region
  let weight: Region
  let result: Region
  let scratch: Region
  /// Where the weight is packed.
  let packed: Region
  let geometry: ConvolutionGeometry
  let strides: [Int]

  var kind: String { "ConvTranspose" }
  var operations: Int { geometry.operations }
  var reads: [Region] { [input, weight] }
  var writes: [Region] { [result, scratch, packed] }

  func run(in frame: Frame) {
    let source = geometry.weight(frame.view(weight), strides: strides)
    let (flow, y) = (frame.view(input), frame.view(result))
    if geometry.isDepthwise, geometry.outputChannels == geometry.channels {
      ConvolutionGradient.depthwiseInput(
        flow, source, geometry: geometry, into: y, pool: frame.pool)
    } else {
      TransposedConvolution(
        source, groups: geometry.groups, memory: frame.view(packed), pool: frame.pool
      ).convolve(
        flow, geometry: geometry, into: y, scratch: frame.view(scratch), pool: frame.pool)
    }
  }
}

extension ProgramBuilder {
  /// A convolution by a weight that is no constant.
  func lowerGivenConvolution(_ conv: Conv, _ node: Node) throws -> Bool {
    guard let x = node.inputs[0], let weight = node.inputs[1], node.outputs[0] != nil,
      let shape = floatShape(x), let kernel = floatShape(weight),
      let outputShape = floatShape(node.outputs[0]), shape.rank == 4,
      let geometry = Window(
        kernel: Array(kernel[2...]), strides: conv.strides, padding: conv.padding,
        dilations: conv.dilations
      ).geometry(input: shape, output: outputShape, groups: conv.groups)
    else { return false }
    let bias = node.inputs.count > 2 ? node.inputs[2] : nil
    return try append(node, geometry, x, weight, bias: bias, isTransposed: false)
  }

  /// A transposed convolution by a weight that is no constant.
  func lowerGivenTransposedConvolution(
    _ node: Node, padding: Padding, _ conv: ConvTranspose
  ) throws -> Bool {
    guard let x = node.inputs[0], let weight = node.inputs[1], let output = node.outputs[0],
      node.inputs.count < 3, let shape = floatShape(x), let kernel = floatShape(weight),
      let outputShape = floatShape(output), shape.rank == 4,
      let geometry = Window(
        kernel: Array(kernel[2...]), strides: conv.strides, padding: padding,
        dilations: conv.dilations
      ).geometry(input: outputShape, output: shape, groups: conv.groups)
    else { return false }
    if let plain = geometry.transposed, geometry.channels > 1 {
      return try append(node, plain, x, weight, bias: nil, isTransposed: true)
    }
    let layout = AxisOrder.channelsLast(4)
    let (source, order) = try floats(weight)
    let spread = geometry.outputRows * geometry.kernelCount * geometry.channels
    let isDepthwise = geometry.isDepthwise && geometry.outputChannels == geometry.channels
    append(
      GivenTransposedConvolutionStep(
        input: try floats(x, layout).operand, weight: source, result: try result(output, layout),
        scratch: newBuffer(isDepthwise ? 0 : spread),
        packed: newBuffer(isDepthwise ? 0 : TransposedConvolution.packedCount(geometry)),
        geometry: geometry, strides: order.strides(kernel)))
    return true
  }

  /// With what is added to it, if that is there already.
  private func append(
    _ node: Node, _ geometry: ConvolutionGeometry, _ x: ValueID, _ weight: ValueID, bias: ValueID?,
    isTransposed: Bool
  ) throws -> Bool {
    guard let output = node.outputs[0], let kernel = floatShape(weight) else { return false }
    let way: GivenConvolutionStep.Way =
      geometry.isDepthwise && geometry.channels > 1
      ? .depthwise : usesWinograd(for: geometry) ? .winograd : .plain
    let tail = takeTail(
      of: node, after: output, channelAxis: 1, way == .depthwise ? [] : .residual)
    let scratch =
      switch way {
      case .depthwise: 0
      case .winograd: WinogradConvolution.packedCount(geometry)
      case .plain: PackedConvolution.packedCount(geometry)
      }
    let layout = AxisOrder.channelsLast(4)
    let (source, order) = try floats(weight)
    append(
      GivenConvolutionStep(
        kind: tail.kind, way: way, input: try floats(x, layout).operand, weight: source,
        bias: try bias.map { try floats($0, .rowMajor(1)).operand },
        residual: try tail.residual.map { try floats($0, layout).operand }, clamp: tail.clamp,
        result: try result(tail.output, layout), scratch: newBuffer(scratch), geometry: geometry,
        strides: order.strides(kernel), isTransposed: isTransposed))
    return true
  }
}

extension ConvolutionGeometry {
  /// A run's weights `[outputs, inputs, kernelHeight, kernelWidth]` as they lie.
  fileprivate func weight(_ values: FloatView, strides: [Int]) -> Weight {
    Weight(
      values, outputs: outputChannels, inputs: inputChannelsPerGroup, kernelHeight: kernelHeight,
      kernelWidth: kernelWidth, strides: (strides[0], strides[1], strides[2], strides[3]))
  }
}
