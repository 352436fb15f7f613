import Kernels
import ModelGraph
import Operators
import Tensors

/// Channels-last images sampled at another resolution.
struct ResizingStep: Step {
  let kind: String
  let input: Region
  let result: Region
  let batch: Int
  let channels: Int
  let vertical: AxisMap
  let horizontal: AxisMap

  var reads: [Region] { [input] }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    Kernels.Resize.resize(
      frame.view(input), batch: batch, channels: channels, vertical: vertical,
      horizontal: horizontal, into: frame.view(result), pool: frame.pool)
  }
}

extension Lowering {
  static let resize = Lowering(Operators.Resize.self) { resize, node, builder in
    guard let x = node.inputs[0], let output = node.outputs[0], let shape = builder.floatShape(x),
      let outputShape = builder.floatShape(output), shape.rank == 4, shape.elementCount > 0,
      outputShape.elementCount > 0, shape[0] == outputShape[0], shape[1] == outputShape[1],
      // Beyond that, a place between two pixels is not exact in float32
      max(shape[2], shape[3]) <= 1 << 24,
      let vertical = try builder.axisMap(resize, node, axis: 2, shape),
      let horizontal = try builder.axisMap(resize, node, axis: 3, shape),
      vertical.outputs == outputShape[2], horizontal.outputs == outputShape[3]
    else { return false }
    let layout = AxisOrder.channelsLast(4)
    builder.append(
      ResizingStep(
        kind: node.operator.name, input: try builder.floats(x, layout).operand,
        result: try builder.result(output, layout), batch: shape[0], channels: shape[1],
        vertical: vertical, horizontal: horizontal))
    if builder.isNonNegative(x) { builder.markNonNegative(output) }
    return true
  }
}

extension ProgramBuilder {
  fileprivate func axisMap(
    _ resize: Operators.Resize, _ node: Node, axis: Int, _ shape: Shape
  ) throws -> AxisMap? {
    var known: [Int: Tensor] = [:]
    for (i, id) in node.inputs.enumerated() {
      if let tensor = constant(id) { known[i] = tensor }
    }
    let types = node.inputs.map { $0.map { graph[$0].type } }
    let inputs = OperatorInputs(types: types, constants: known)
    switch try resize.sampling(along: axis, of: shape, inputs) {
    case .nearest(let indices): return AxisMap(nearest: indices, of: shape[axis])
    case .linear(let positions):
      return AxisMap(linear: positions.map { Float($0) }, of: shape[axis])
    case nil: return nil
    }
  }
}
