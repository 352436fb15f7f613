import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

// What only graphs that learn have: weights that each run is given, and gradients.

/// A convolution by weights that the run is given.
struct GivenConvolutionStep: Step {
  let input: Region
  let weight: Region
  let bias: Region?
  let result: Region
  let geometry: ConvolutionGeometry
  /// Of the weight, along `[outputs, inputs, kernelHeight, kernelWidth]`.
  let strides: [Int]

  var kind: String { "Conv" }
  var operations: Int { geometry.operations }
  var reads: [Region] { [input, weight] + (bias.map { [$0] } ?? []) }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    let source = geometry.weight(frame.view(weight), strides: strides)
    let (x, y, bias) = (frame.view(input), frame.view(result), bias.map(frame.view))
    if geometry.isDepthwise, geometry.channels > 1 {
      DepthwiseConvolution(source, channels: geometry.channels).convolve(
        x, geometry: geometry, into: y, bias: bias, pool: frame.pool)
    } else {
      PackedConvolution(source, groups: geometry.groups, pool: frame.pool).convolve(
        x, geometry: geometry, into: y, epilogue: Epilogue(bias: bias), pool: frame.pool)
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
  let geometry: ConvolutionGeometry
  let strides: [Int]

  var kind: String { "ConvTranspose" }
  var operations: Int { geometry.operations }
  var reads: [Region] { [input, weight] }
  var writes: [Region] { [result, scratch] }

  func run(in frame: Frame) {
    let source = geometry.weight(frame.view(weight), strides: strides)
    let (flow, y) = (frame.view(input), frame.view(result))
    if geometry.isDepthwise, geometry.outputChannels == geometry.channels {
      ConvolutionGradient.depthwiseInput(
        flow, source, geometry: geometry, into: y, pool: frame.pool)
    } else {
      TransposedConvolution(source, groups: geometry.groups, pool: frame.pool).convolve(
        flow, geometry: geometry, into: y, scratch: frame.view(scratch), pool: frame.pool)
    }
  }
}

struct ConvolutionWeightGradientStep: Step {
  let input: Region
  let flow: Region
  let result: Region
  let scratch: Region
  let geometry: ConvolutionGeometry

  var kind: String { ConvWeightGradient.name }
  var operations: Int { geometry.operations }
  var reads: [Region] { [input, flow] }
  var writes: [Region] { [result, scratch] }

  func run(in frame: Frame) {
    ConvolutionGradient.weight(
      frame.view(input), frame.view(flow), geometry: geometry, into: frame.view(result),
      scratch: frame.view(scratch), pool: frame.pool)
  }
}

struct PoolGradientStep: Step {
  let pool: PoolGradient.Pool
  let input: Region
  let flow: Region
  let result: Region
  let geometry: ConvolutionGeometry

  var kind: String { PoolGradient.name }
  var reads: [Region] { [input, flow] }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    let (x, flow, y) = (frame.view(input), frame.view(flow), frame.view(result))
    switch pool {
    case .maximum:
      PoolingGradient.maximum(x, flow, geometry: geometry, into: y, pool: frame.pool)
    case .average(let countsPadding):
      PoolingGradient.average(
        flow, geometry: geometry, countsPadding: countsPadding, into: y, pool: frame.pool)
    }
  }
}

extension Lowering {
  static let convolutionWeightGradient = Lowering(ConvWeightGradient.self) {
    conv, node, builder in
    guard let x = node.inputs[0], let flow = node.inputs[1], let output = node.outputs[0],
      let shape = builder.floatShape(x), let flowShape = builder.floatShape(flow),
      let outputShape = builder.floatShape(output), shape.rank == 4,
      let geometry = Window(
        kernel: conv.kernel, strides: conv.strides, padding: conv.padding,
        dilations: conv.dilations
      ).geometry(input: shape, output: flowShape, groups: conv.groups),
      !geometry.isDepthwise || geometry.channels == geometry.outputChannels
    else { return false }
    let layout = AxisOrder.channelsLast(4)
    // Its channels last, or for a depthwise convolution the outputs
    let order = AxisOrder(order: geometry.isDepthwise ? [2, 3, 1, 0] : [0, 2, 3, 1])
    builder.append(
      ConvolutionWeightGradientStep(
        input: try builder.floats(x, layout).operand,
        flow: try builder.floats(flow, layout).operand,
        result: try builder.result(output, order),
        scratch: builder.newBuffer(ConvolutionGradient.scratchCount(geometry)),
        geometry: geometry))
    return outputShape.rank == 4
  }

  static let poolGradient = Lowering(PoolGradient.self) { gradient, node, builder in
    guard let x = node.inputs[0], let flow = node.inputs[1], let output = node.outputs[0],
      let shape = builder.floatShape(x), let flowShape = builder.floatShape(flow),
      let geometry = Window(
        kernel: gradient.axes.map(\.kernel), strides: gradient.axes.map(\.stride),
        padding: .explicit(begin: gradient.axes.map(\.begin), end: gradient.axes.map(\.end)),
        dilations: gradient.axes.map(\.dilation)
      ).geometry(input: shape, output: flowShape, groups: shape[1])
    else { return false }
    let layout = AxisOrder.channelsLast(shape.rank)
    builder.append(
      PoolGradientStep(
        pool: gradient.pool, input: try builder.floats(x, layout).operand,
        flow: try builder.floats(flow, layout).operand,
        result: try builder.result(output, layout), geometry: geometry))
    return true
  }

  static let expand = Lowering(Expand.self) { _, node, builder in
    guard let x = node.inputs[0], let output = node.outputs[0],
      let shape = builder.floatShape(x), let target = builder.floatShape(output),
      target.elementCount > 0, shape.rank <= target.rank
    else { return false }
    let source = try builder.floats(x, .rowMajor(shape.rank)).operand
    let own = [Int](repeating: 1, count: target.rank - shape.rank) + shape.dimensions
    let strides = zip(Shape(own).contiguousStrides, own).map { $1 == 1 ? 0 : $0 }
    // As images lie, so that what follows need not move it
    let layout = AxisOrder.channelsLast(target.rank)
    builder.append(
      ConversionStep(
        source: source, result: try builder.result(output, layout),
        shape: layout.physical(target), strides: layout.order.map { strides[$0] }))
    return true
  }
}

extension ProgramBuilder {
  /// A convolution by a weight that is no constant.
  func lowerGivenConvolution(_ conv: Conv, _ node: Node) throws -> Bool {
    guard let x = node.inputs[0], let weight = node.inputs[1], let output = node.outputs[0],
      let shape = floatShape(x), let kernel = floatShape(weight),
      let outputShape = floatShape(output), shape.rank == 4,
      let geometry = Window(
        kernel: Array(kernel[2...]), strides: conv.strides, padding: conv.padding,
        dilations: conv.dilations
      ).geometry(input: shape, output: outputShape, groups: conv.groups)
    else { return false }
    let layout = AxisOrder.channelsLast(4)
    let bias = node.inputs.count > 2 ? node.inputs[2] : nil
    let (source, order) = try floats(weight)
    append(
      GivenConvolutionStep(
        input: try floats(x, layout).operand, weight: source,
        bias: try bias.map { try floats($0, .rowMajor(1)).operand },
        result: try result(output, layout), geometry: geometry, strides: order.strides(kernel)))
    return true
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
    let layout = AxisOrder.channelsLast(4)
    let (source, order) = try floats(weight)
    let spread = geometry.outputRows * geometry.kernelCount * geometry.channels
    append(
      GivenTransposedConvolutionStep(
        input: try floats(x, layout).operand, weight: source, result: try result(output, layout),
        scratch: newBuffer(geometry.isDepthwise ? 0 : spread), geometry: geometry,
        strides: order.strides(kernel)))
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
