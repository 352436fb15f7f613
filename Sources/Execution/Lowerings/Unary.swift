import Kernels
import ModelGraph
import Operators
import Tensors

/// A function of each element alone.
struct UnaryStep: Step {
  let kind: String
  let operation: UnaryOperator
  let input: Region
  let result: Region

  var reads: [Region] { [input] }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? { (input, result) }

  func part(_ range: Range<Int>, of total: Int) -> (any Step)? {
    guard input.count % total == 0 else { return nil }
    return UnaryStep(
      kind: kind, operation: operation, input: input.rows(range, of: total),
      result: result.rows(range, of: total))
  }

  func run(in frame: Frame) {
    Elementwise.unary(
      operation, frame.view(input), count: input.count, into: frame.view(result), pool: frame.pool)
  }
}

extension Lowering {
  /// One line a function.
  static let unary: [Lowering] = [
    unary(Relu.self) { _ in .relu },
    unary(LeakyRelu.self) { .leakyRelu(alpha: Float($0.alpha)) },
    unary(Elu.self) { .elu(alpha: Float($0.alpha)) },
    unary(Selu.self) { .selu(alpha: Float($0.alpha), gamma: Float($0.gamma)) },
    unary(Sigmoid.self, timesItsInput: .silu) { _ in .sigmoid },
    unary(HardSigmoid.self) { .hardSigmoid(alpha: Float($0.alpha), beta: Float($0.beta)) },
    unary(HardSwish.self) { _ in .hardSwish() },
    unary(Swish.self) { $0.alpha == 1 ? .silu : nil },
    unary(Mish.self) { _ in .mish },
    unary(Gelu.self) { $0.approximation == .tanh ? .geluTanh : .gelu },
    unary(Softplus.self) { _ in .softplus },
    unary(Softsign.self) { _ in .softsign },
    unary(Tanh.self) { _ in .tanh },
    unary(Erf.self) { _ in .erf },
    unary(Exp.self) { _ in .exp },
    unary(Log.self) { _ in .log },
    unary(Sqrt.self) { _ in .sqrt },
    unary(Reciprocal.self) { _ in .reciprocal },
    unary(Neg.self) { _ in .negate },
    unary(Abs.self) { _ in .absolute },
    unary(Floor.self) { _ in .floor },
    unary(Ceil.self) { _ in .ceil },
    unary(Round.self) { _ in .round },
    unary(Sign.self) { _ in .sign },
  ]

  static let clip = Lowering(Clip.self) { _, node, builder in
    guard let clamp = builder.clamp(of: node) else { return false }
    return try builder.lowerUnary(node, .clip(clamp))
  }

  /// - Parameter product: what it is when its result is multiplied by its input, and used for nothing else.
  private static func unary<Subject: Operator>(
    _ subject: Subject.Type, timesItsInput product: UnaryOperator? = nil,
    _ operation: @escaping @Sendable (Subject) -> UnaryOperator?
  ) -> Lowering {
    Lowering(subject) { typed, node, builder in
      guard let operation = operation(typed) else { return false }
      return try builder.lowerUnary(node, operation, timesItsInput: product)
    }
  }
}

extension ProgramBuilder {
  fileprivate func lowerUnary(
    _ node: Node, _ operation: UnaryOperator, timesItsInput product: UnaryOperator? = nil
  ) throws -> Bool {
    guard let x = node.inputs[0], var output = node.outputs[0], floatShape(x) != nil,
      floatShape(output) != nil
    else { return false }
    var (kind, operation) = (node.operator.name, operation)
    if let product, let (index, next) = soleConsumer(output), next.operator is Mul,
      next.inputs.count == 2, next.inputs.contains(x), let result = next.outputs[0]
    {
      absorb(index)
      (kind, operation, output) = (kind + "+Mul", product, result)
    }
    let (input, layout) = try floats(x)
    append(
      UnaryStep(
        kind: kind, operation: operation, input: input, result: try result(output, layout)))
    if operation.isNeverNegative { markNonNegative(output) }
    return true
  }
}

extension UnaryOperator {
  fileprivate var isNeverNegative: Bool {
    switch self {
    case .clip(let clamp): clamp.minimum >= 0
    case .sigmoid, .hardSigmoid, .softplus, .exp, .sqrt, .absolute: true
    default: false
    }
  }
}
