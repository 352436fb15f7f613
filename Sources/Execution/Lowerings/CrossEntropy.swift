import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

/// The loss of logits, or what each of them has to do with it.
struct CrossEntropyStep: Step {
  let logits: Region
  let targets: Argument
  /// The gradient of the loss, where the logits' is wanted.
  let flow: Region?
  let result: Region
  let classes: Int

  var kind: String { flow == nil ? TokenCrossEntropy.name : TokenCrossEntropyGradient.name }
  var reads: [Region] { [logits] + (flow.map { [$0] } ?? []) }
  var writes: [Region] { [result] }
  var takes: [Argument] { [targets] }
  var inPlace: (read: Region, write: Region)? { flow == nil ? nil : (logits, result) }

  func run(in frame: Frame) throws {
    let targets = try TokenCrossEntropy.checked(
      frame.tensor(targets).integers, classes: classes)
    let counted = max(targets.count { $0 >= 0 }, 1)
    let (x, y) = (frame.view(logits), frame.view(result))
    if let flow {
      CrossEntropy.gradient(
        x, targets: targets, columns: classes, scale: frame.view(flow)[0] / Float(counted),
        into: y, pool: frame.pool)
    } else {
      let losses = FloatView(zeros: targets.count)
      CrossEntropy.losses(x, targets: targets, columns: classes, into: losses, pool: frame.pool)
      y[0] = Float(losses.array.reduce(0) { $0 + Double($1) } / Double(counted))
    }
  }
}

extension Lowering {
  static let tokenCrossEntropy = Lowering(TokenCrossEntropy.self) { _, node, builder in
    try builder.lowerCrossEntropy(node)
  }

  static let tokenCrossEntropyGradient = Lowering(TokenCrossEntropyGradient.self) {
    _, node, builder in
    try builder.lowerCrossEntropy(node)
  }
}

extension ProgramBuilder {
  fileprivate func lowerCrossEntropy(_ node: Node) throws -> Bool {
    guard let x = node.inputs[0], let targets = node.inputs[1], let output = node.outputs[0],
      let shape = floatShape(x), let resultShape = floatShape(output), shape.elementCount > 0
    else { return false }
    let flow = try node.inputs.dropFirst(2).first.flatMap { $0 }.map {
      try floats($0, .rowMajor(graph[$0].type.rank ?? 0)).operand
    }
    append(
      CrossEntropyStep(
        logits: try floats(x, .rowMajor(shape.rank)).operand, targets: try argument(targets),
        flow: flow, result: try result(output, .rowMajor(resultShape.rank)),
        classes: shape[shape.rank - 1]))
    return true
  }
}
