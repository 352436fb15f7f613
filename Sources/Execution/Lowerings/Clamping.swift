import Kernels
import ModelGraph
import Operators
import Tensors

/// Elements kept between bounds.
struct ClampingStep: Step {
  let kind: String
  let input: Region
  let result: Region
  let clamp: Clamp

  var reads: [Region] { [input] }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? { (input, result) }

  func run(in frame: Frame) {
    Elementwise.binary(
      .add, .whole(frame.view(input)), .scalar(ClampingStep.zero), columns: input.count,
      clamp: clamp, into: frame.view(result), pool: frame.pool)
  }

  private static let zero = FloatView([0])
}

extension Lowering {
  static let relu = Lowering(Relu.self) { _, node, builder in
    try builder.lowerToClamping(node, .relu)
  }

  static let clip = Lowering(Clip.self) { _, node, builder in
    guard let clamp = builder.clamp(of: node) else { return false }
    return try builder.lowerToClamping(node, clamp)
  }
}

extension ProgramBuilder {
  fileprivate func lowerToClamping(_ node: Node, _ clamp: Clamp) throws -> Bool {
    guard let x = node.inputs[0], let output = node.outputs[0], floatShape(x) != nil,
      floatShape(output) != nil
    else { return false }
    let (input, layout) = try floats(x)
    append(
      ClampingStep(
        kind: node.operator.name, input: input, result: try result(output, layout), clamp: clamp))
    if clamp.minimum >= 0 { markNonNegative(output) }
    return true
  }
}
