import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

// Gradients of windows, and what they are made of.

struct ConvolutionWeightGradientStep: Step {
  enum Way: Sendable { case winograd(WinogradWeightGradient), plain }

  let way: Way
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
    let (x, flow) = (frame.view(input), frame.view(flow))
    let (result, scratch) = (frame.view(result), frame.view(scratch))
    switch way {
    case .winograd(let gradient):
      gradient(x, flow, into: result, scratch: scratch, pool: frame.pool)
    case .plain:
      ConvolutionGradient.weight(
        x, flow, geometry: geometry, into: result, scratch: scratch, pool: frame.pool)
    }
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
    let order =
      geometry.isDepthwise ? AxisOrder(order: [2, 3, 1, 0]) : AxisOrder.rowMajor(4)
    let way: ConvolutionWeightGradientStep.Way =
      builder.usesWinogradForWeight(of: geometry)
      ? .winograd(WinogradWeightGradient(geometry)) : .plain
    let scratch =
      switch way {
      case .winograd(let gradient): gradient.scratchCount
      case .plain: ConvolutionGradient.scratchCount(geometry)
      }
    builder.append(
      ConvolutionWeightGradientStep(
        way: way, input: try builder.floats(x, layout).operand,
        flow: try builder.floats(flow, layout).operand,
        result: try builder.result(output, order),
        scratch: builder.newBuffer(scratch),
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
  /// Never by the number of threads, on which no result may depend.
  fileprivate func usesWinogradForWeight(of geometry: ConvolutionGeometry) -> Bool {
    switch winograd {
    case .never: false
    case .whereFaster: WinogradWeightGradient.isFaster(for: geometry)
    case .always: WinogradConvolution.serves(geometry)
    }
  }
}
