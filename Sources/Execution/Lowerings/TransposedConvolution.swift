import Kernels
import ModelGraph
import Operators
import Tensors

/// A transposed convolution over channels-last images; its geometry is that of the convolution that it transposes.
struct TransposedConvolutionStep: Step {
  let kind: String
  let input: Region
  let result: Region
  let scratch: Region
  let weights: TransposedConvolution
  let geometry: ConvolutionGeometry
  let bias: FloatView?
  let clamp: Clamp

  var operations: Int {
    2 * geometry.outputCount * geometry.inputChannelsPerGroup * geometry.kernelCount
  }
  var reads: [Region] { [input] }
  var writes: [Region] { [result, scratch] }

  func run(in frame: Frame) {
    weights.convolve(
      frame.view(input), geometry: geometry, into: frame.view(result),
      scratch: frame.view(scratch), bias: bias, clamp: clamp, pool: frame.pool)
  }
}

extension Lowering {
  static let transposedConvolution = Lowering(ConvTranspose.self) { conv, node, builder in
    if !builder.isConstant(node.inputs[1]) {
      guard case .explicit = conv.padding else { return false }
      return try builder.lowerGivenTransposedConvolution(node, padding: conv.padding, conv)
    }
    guard let x = node.inputs[0], let output = node.outputs[0],
      let shape = builder.floatShape(x), let outputShape = builder.floatShape(output),
      let weight = builder.constant(node.inputs[1]), shape.rank == 4,
      node.inputs.count < 3 || node.inputs[2] == nil || builder.isConstant(node.inputs[2]),
      let padding = conv.padding(input: shape, kernel: weight.shape, output: outputShape),
      // The input's extents are the window's results, so that the roles of both shapes are exchanged.
      let geometry = Window(
        kernel: Array(weight.shape[2...]), strides: conv.strides, padding: padding,
        dilations: conv.dilations
      ).geometry(input: outputShape, output: shape, groups: conv.groups)
    else { return false }
    var tail = builder.takeTail(of: node, after: output, channelAxis: 1, .shift)
    if node.inputs.count > 2, let bias = builder.constant(node.inputs[2])?.floats { tail.add(bias) }
    let key = builder.weightKey(node.inputs[1], tail, details: [conv.groups, 2])
    let packed = builder.weights.find(key) {
      .transposed(
        TransposedConvolution(
          Weight(convolution: weight, scale: nil), groups: conv.groups, pool: builder.pool))
    }
    guard case .transposed(let weights) = packed else { return false }
    let layout = AxisOrder.channelsLast(4)
    builder.append(
      TransposedConvolutionStep(
        kind: tail.kind, input: try builder.floats(x, layout).operand,
        result: try builder.result(tail.output, layout),
        scratch: builder.newBuffer(weights.scratchCount(geometry)), weights: weights,
        geometry: geometry, bias: tail.shift.map { FloatView($0) }, clamp: tail.clamp))
    return true
  }
}

extension ConvTranspose {
  /// What is cut off around the result; nil when something would have to be added.
  fileprivate func padding(input: Shape, kernel: Shape, output: Shape) -> Padding? {
    if outputShape == nil, case .explicit = padding { return padding }
    guard strides.count == 2, dilations.count == 2 else { return nil }
    var (begin, end): ([Int], [Int]) = ([], [])
    for axis in 0..<2 {
      let span = (kernel[axis + 2] - 1) * dilations[axis] + 1
      let extra = outputPadding.count == 2 ? outputPadding[axis] : 0
      let total = strides[axis] * (input[axis + 2] - 1) + extra + span - output[axis + 2]
      guard total >= 0 else { return nil }
      let first = padding == .sameUpper ? total / 2 : total - total / 2
      begin.append(first)
      end.append(total - first)
    }
    return .explicit(begin: begin, end: end)
  }
}
