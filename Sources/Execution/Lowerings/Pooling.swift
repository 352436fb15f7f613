import Kernels
import ModelGraph
import Operators
import Tensors

/// A pooling over channels-last images.
struct PoolingStep: Step {
  enum Pool: Sendable { case maximum, average(countsPadding: Bool) }

  let kind: String
  let pool: Pool
  let input: Region
  let result: Region
  let geometry: ConvolutionGeometry

  var reads: [Region] { [input] }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    let (x, y) = (frame.view(input), frame.view(result))
    switch pool {
    case .maximum: Pooling.maximum(x, geometry: geometry, into: y, pool: frame.pool)
    case .average(let countsPadding):
      Pooling.average(
        x, geometry: geometry, countsPadding: countsPadding, into: y, pool: frame.pool)
    }
  }
}

extension Lowering {
  static let maxPool = Lowering(MaxPool.self) { pool, node, builder in
    // The indices of the maxima are rarely wanted.
    guard node.outputs.dropFirst().allSatisfy({ $0 == nil }) else { return false }
    let window = Window(
      kernel: pool.kernel, strides: pool.strides, padding: pool.padding,
      dilations: pool.dilations)
    return try builder.lowerPooling(node, window, .maximum)
  }

  static let averagePool = Lowering(AveragePool.self) { pool, node, builder in
    let window = Window(
      kernel: pool.kernel, strides: pool.strides, padding: pool.padding,
      dilations: pool.dilations)
    return try builder.lowerPooling(
      node, window, .average(countsPadding: pool.countIncludePad))
  }
}

extension ProgramBuilder {
  fileprivate func lowerPooling(
    _ node: Node, _ window: Window, _ pool: PoolingStep.Pool
  ) throws -> Bool {
    guard let given = node.inputs[0], let output = node.outputs[0],
      let outputShape = floatShape(output)
    else { return false }
    let (x, extra) = unpadded(given)
    // Zeros around what is not negative change no maximum, but each mean.
    if extra != nil {
      guard case .maximum = pool, isNonNegative(x) else { return false }
    }
    guard let inputShape = floatShape(x), inputShape.rank > 2,
      let geometry = window.geometry(
        input: inputShape, output: outputShape, groups: inputShape[1], extra: extra)
    else { return false }
    let layout = AxisOrder.channelsLast(inputShape.rank)
    append(
      PoolingStep(
        kind: node.operator.name, pool: pool, input: try floats(x, layout).operand,
        result: try result(output, layout), geometry: geometry))
    if isNonNegative(x) { markNonNegative(output) }
    return true
  }
}
