import ModelGraph
import Operators
import Tensors

/// Operators that give the same floats under another shape, or in another order of the axes: nothing is done in a run.
extension Lowering {
  static let views: [Lowering] = [
    .transpose, .identity, .dropout, .reshape, .flatten, .squeeze, .unsqueeze,
  ]

  /// Whether the operator gives the memory of its first input.
  static func isView(_ operator: any Operator) -> Bool {
    viewSubjects.contains(ObjectIdentifier(type(of: `operator`)))
  }

  private static let viewSubjects = Set(views.map(\.subject))

  static let transpose = Lowering(Transpose.self) { transpose, node, builder in
    guard let x = node.inputs[0], let output = node.outputs[0],
      let shape = builder.floatShape(x), builder.floatShape(output) != nil
    else { return false }
    let permutation = transpose.permutation ?? Array((0..<shape.rank).reversed())
    let (operand, layout) = try builder.floats(x)
    builder.place(output, at: operand, layout.transposed(by: permutation))
    return true
  }

  static let identity = Lowering(Identity.self) { _, node, builder in
    try builder.lowerToSameFloats(node)
  }

  static let dropout = Lowering(Dropout.self) { _, node, builder in
    guard node.outputs.dropFirst().allSatisfy({ $0 == nil }) else { return false }
    return try builder.lowerToSameFloats(node)
  }

  static let reshape = Lowering(Reshape.self) { _, node, builder in
    try builder.lowerToReshape(node)
  }

  static let flatten = Lowering(Flatten.self) { _, node, builder in
    try builder.lowerToReshape(node)
  }

  static let squeeze = Lowering(Squeeze.self) { _, node, builder in
    try builder.lowerToReshape(node)
  }

  static let unsqueeze = Lowering(Unsqueeze.self) { _, node, builder in
    try builder.lowerToReshape(node)
  }
}

extension ProgramBuilder {
  fileprivate func lowerToSameFloats(_ node: Node) throws -> Bool {
    guard let x = node.inputs[0], let output = node.outputs[0], floatShape(x) != nil,
      floatShape(output) != nil
    else { return false }
    let (operand, layout) = try floats(x)
    place(output, at: operand, layout)
    if isNonNegative(x) { markNonNegative(output) }
    return true
  }

  /// The floats in row-major order: free for images of one pixel, whose channels lie so anyhow.
  fileprivate func lowerToReshape(_ node: Node) throws -> Bool {
    guard let x = node.inputs[0], let output = node.outputs[0], let shape = floatShape(x),
      let outputShape = floatShape(output)
    else { return false }
    let operand = try floats(x, .rowMajor(shape.rank)).operand
    place(output, at: operand, .rowMajor(outputShape.rank))
    return true
  }
}
