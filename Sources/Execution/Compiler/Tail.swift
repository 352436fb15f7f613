import Kernels
import ModelGraph
import Operators
import Tensors

/// What follows a matrix product or convolution and can be done to each sum before it is stored:
/// `activation(clamp(sum · scale[c] + shift[c] + residual)) · factor`.
struct Tail {
  /// A float a channel: folded into the weights as they are packed.
  var scale: [Float]?
  /// A float a channel.
  var shift: [Float]?
  /// Of the result's shape.
  var residual: ValueID?
  var clamp = Clamp.none
  var activation: UnaryOperator?
  /// Of the result's shape.
  var factor: ValueID?
  /// The value that all of it together gives.
  var output: ValueID
  /// The operators, in the standard's names.
  var kinds: [String]
  fileprivate var nodes: [Int] = []

  var kind: String { kinds.joined(separator: "+") }

  fileprivate mutating func multiply(by factor: [Float]) {
    scale = scale.map { zip($0, factor).map { $0 * $1 } } ?? factor
    shift = shift.map { zip($0, factor).map { $0 * $1 } }
  }

  mutating func add(_ term: [Float]) {
    shift = shift.map { zip($0, term).map { $0 + $1 } } ?? term
  }
}

/// What a tail may hold, after a kernel that cannot do everything.
struct TailAbilities: OptionSet {
  let rawValue: Int
  static let scale = TailAbilities(rawValue: 1)
  static let shift = TailAbilities(rawValue: 2)
  static let residual = TailAbilities(rawValue: 4)
  static let activation = TailAbilities(rawValue: 8)
  static let factor = TailAbilities(rawValue: 16)
  static let all: TailAbilities = [.scale, .shift, .residual]
  static let product: TailAbilities = [.all, .activation, .factor]
}

extension ProgramBuilder {
  /// The longest tail after `node`'s first output, whose channels are on `axis`; its nodes count as done.
  ///
  /// A residual is taken only when it has been computed already: of two branches that are added, the later one
  /// takes the earlier one along.
  func takeTail(
    of node: Node, after output: ValueID, channelAxis axis: Int, _ abilities: TailAbilities
  ) -> Tail {
    var tail = Tail(output: output, kinds: [node.operator.name])
    while let (index, next) = soleConsumer(tail.output), let result = next.outputs.first ?? nil,
      graph[result].type == graph[tail.output].type,
      next.outputs.dropFirst().allSatisfy({ $0 == nil }),
      extend(&tail, by: next, axis, abilities)
    {
      tail.kinds.append(next.operator.name)
      tail.nodes.append(index)
      tail.output = result
    }
    for index in tail.nodes { absorb(index) }
    if tail.clamp.minimum >= 0, tail.factor == nil { markNonNegative(tail.output) }
    return tail
  }

  private func extend(
    _ tail: inout Tail, by node: Node, _ axis: Int, _ abilities: TailAbilities
  ) -> Bool {
    guard tail.factor == nil else { return false }
    if node.operator is Mul, abilities.contains(.factor), take(&tail, factor: node) { return true }
    guard tail.clamp == .none, tail.activation == nil else { return false }
    if abilities.contains(.activation), let activation = UnaryOperator(gate: node.operator) {
      tail.activation = activation
      return true
    }
    switch node.operator {
    case is Relu:
      tail.clamp = .relu
      return true
    case is Clip:
      guard node.inputs.first == tail.output, let clamp = clamp(of: node) else { return false }
      tail.clamp = clamp
      return true
    case let norm as BatchNormalization:
      guard axis == 1, abilities.isSuperset(of: [.scale, .shift]), tail.residual == nil,
        node.inputs.first == tail.output, let (scale, shift) = affine(norm, node)
      else { return false }
      tail.multiply(by: scale)
      tail.add(shift)
      return true
    case is Add, is Sub, is Mul, is Div:
      return extend(&tail, byBinary: node, axis, abilities)
    default:
      return false
    }
  }

  private func extend(
    _ tail: inout Tail, byBinary node: Node, _ axis: Int, _ abilities: TailAbilities
  ) -> Bool {
    guard node.inputs.count == 2, let first = node.inputs[0], let second = node.inputs[1] else {
      return false
    }
    let other = first == tail.output ? second : first
    guard let shape = floatShape(tail.output), let otherShape = floatShape(other) else {
      return false
    }
    if let values = channelValues(other, axis: axis, of: shape) {
      switch node.operator {
      case is Add where abilities.contains(.shift): tail.add(values)
      case is Sub where abilities.contains(.shift) && first == tail.output:
        tail.add(values.map { -$0 })
      case is Mul where abilities.contains(.scale) && tail.residual == nil:
        tail.multiply(by: values)
      case is Div where abilities.contains(.scale) && tail.residual == nil && first == tail.output:
        tail.multiply(by: values.map { 1 / $0 })
      default: return false
      }
      return true
    }
    guard node.operator is Add, abilities.contains(.residual), tail.residual == nil,
      otherShape == shape, isAvailable(other), !isConstant(other)
    else { return false }
    tail.residual = other
    return true
  }

  /// A Mul by what has been computed already: the gate of a gated layer.
  private func take(_ tail: inout Tail, factor node: Node) -> Bool {
    guard node.inputs.count == 2, let first = node.inputs[0], let second = node.inputs[1],
      let shape = floatShape(tail.output)
    else { return false }
    let other = first == tail.output ? second : first
    guard other != tail.output, floatShape(other) == shape, isAvailable(other), !isConstant(other)
    else { return false }
    tail.factor = other
    return true
  }

  /// The bounds of a Clip, when they are known and no NaN.
  func clamp(of node: Node) -> Clamp? {
    var bounds: [Float] = [-.infinity, .infinity]
    for (i, id) in node.inputs.dropFirst().prefix(2).enumerated() {
      guard let id else { continue }
      guard let tensor = constant(id), tensor.elementCount == 1 else { return nil }
      bounds[i] = tensor.floats[0]
    }
    guard bounds[0] <= bounds[1] else { return nil }
    return Clamp(minimum: bounds[0], maximum: bounds[1])
  }

  /// What a BatchNormalization of known statistics multiplies by and adds, for each channel.
  func affine(
    _ norm: BatchNormalization, _ node: Node
  ) -> (scale: [Float], shift: [Float])? {
    guard node.inputs.count == 5, let gamma = constant(node.inputs[1])?.doubles,
      let beta = constant(node.inputs[2])?.doubles, let mean = constant(node.inputs[3])?.doubles,
      let variance = constant(node.inputs[4])?.doubles
    else { return nil }
    let scale = zip(gamma, variance).map { $0 / ($1 + norm.epsilon).squareRoot() }
    let shift = zip(beta, zip(mean, scale)).map { $0 - $1.0 * $1.1 }
    return (scale.map { Float($0) }, shift.map { Float($0) })
  }

  /// A constant that differs along one axis of `shape` at most, as a float for each index of that axis.
  func channelValues(_ id: ValueID, axis: Int, of shape: Shape) -> [Float]? {
    guard let own = floatShape(id), own.rank <= shape.rank, axis < shape.rank, isConstant(id) else {
      return nil
    }
    let place = axis - (shape.rank - own.rank)
    for (i, extent) in own.enumerated() where extent != 1 {
      guard i == place, extent == shape[axis] else { return nil }
    }
    guard let values = constant(id)?.floats, !values.isEmpty else { return nil }
    return values.count == 1 ? [Float](repeating: values[0], count: shape[axis]) : values
  }
}

extension Operator {
  /// Whether a tail may hold it.
  var mayBeInTail: Bool {
    switch self {
    case is Relu, is Clip, is BatchNormalization, is Add, is Sub, is Mul, is Div: true
    default: UnaryOperator(gate: self) != nil
    }
  }
}

extension UnaryOperator {
  /// The activations that products are often followed by.
  fileprivate init?(gate: any Operator) {
    switch gate {
    case let gelu as Gelu: self = gelu.approximation == .tanh ? .geluTanh : .gelu
    case let swish as Swish where swish.alpha == 1: self = .silu
    case is Tanh: self = .tanh
    case is Sigmoid: self = .sigmoid
    default: return nil
    }
  }
}
