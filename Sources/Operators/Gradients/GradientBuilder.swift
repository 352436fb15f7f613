import BinaryIO
import ModelGraph
import Tensors

/// Where a node's rule appends the nodes that compute its inputs' gradients.
public struct GradientBuilder {
  /// The graph so far; every type in it is known.
  private(set) var graph: Graph
  let node: Node
  private let flows: [ValueID?]
  private let wanted: [Bool]
  private var count = 0

  /// - Parameters:
  ///   - flows: for each output the loss's derivative by it; nil where the loss does not depend on it.
  ///   - wanted: for each input whether someone wants its gradient.
  init(_ graph: Graph, node: Node, flows: [ValueID?], wanted: [Bool]) {
    self.graph = graph
    self.node = node
    self.flows = flows
    self.wanted = wanted
  }
}

// What a rule is told.
extension GradientBuilder {
  /// - Throws: `.mismatch` when the input is left out.
  func input(_ index: Int) throws -> ValueID {
    guard has(index), let id = node.inputs[index] else {
      throw DataError(.mismatch, "input \(index) is left out")
    }
    return id
  }

  func has(_ index: Int) -> Bool {
    node.inputs.indices.contains(index) && node.inputs[index] != nil
  }

  func output(_ index: Int) throws -> ValueID {
    guard node.outputs.indices.contains(index), let id = node.outputs[index] else {
      throw DataError(.mismatch, "output \(index) is left out")
    }
    return id
  }

  /// The output, where the node gives it.
  func outputs(_ index: Int) -> ValueID? {
    node.outputs.indices.contains(index) ? node.outputs[index] : nil
  }

  /// The loss's derivative by an output that it depends on.
  func flow(_ index: Int) throws -> ValueID {
    guard let flow = flows(index) else {
      throw DataError(.unsupported, "the loss depends on another output than \(index)")
    }
    return flow
  }

  /// The loss's derivative by an output; nil when it does not depend on it.
  func flows(_ index: Int) -> ValueID? { flows.indices.contains(index) ? flows[index] : nil }

  func wants(_ index: Int) -> Bool { wanted.indices.contains(index) && wanted[index] }

  /// A rule that works for output 0 alone says so by this.
  func onlyFirstOutput() throws {
    guard flows.dropFirst().allSatisfy({ $0 == nil }) else {
      throw DataError(.unsupported, "a loss that depends on another output than the first")
    }
  }

  func shape(_ id: ValueID) throws -> Shape {
    guard let shape = graph[id].type.shape else {
      throw DataError(.malformed, "the shape of '\(graph[id].name)' is not known")
    }
    return shape
  }

  func dataType(_ id: ValueID) -> DataType { graph[id].type.dataType ?? .float32 }

  /// What the node's operator may look at.
  var inputs: OperatorInputs {
    var known: [Int: Tensor] = [:]
    for (index, id) in node.inputs.enumerated() { known[index] = id.flatMap { graph.known($0) } }
    return OperatorInputs(
      types: node.inputs.map { $0.map { graph[$0].type } }, constants: known)
  }

  /// The value, where it is known beforehand.
  func constant(_ id: ValueID) -> Tensor? { graph.known(id) }
}

// What a rule makes.
extension GradientBuilder {
  @discardableResult
  mutating func add(_ operator: any Operator, _ inputs: [ValueID?]) throws -> ValueID {
    try add(`operator`, inputs, outputs: 1)[0]
  }

  mutating func add(
    _ operator: any Operator, _ inputs: [ValueID?], outputs: Int
  ) throws -> [ValueID] {
    let name = "\(node.name)/gradient_\(count)"
    count += 1
    let ids = (0..<outputs).map { graph.addValue(outputs == 1 ? name : "\(name)_\($0)") }
    graph.nodes.append(Node(name: name, `operator`, inputs: inputs, outputs: ids))
    try graph.inferTypesOfLastNode()
    return ids
  }

  mutating func constant(_ tensor: Tensor) -> ValueID {
    count += 1
    return graph.addConstant("\(node.name)/gradient_constant_\(count)", tensor)
  }

  mutating func integers(_ values: [Int]) -> ValueID { constant(Tensor(values)) }

  /// A number of the type of `id`.
  mutating func number(_ value: Double, like id: ValueID) -> ValueID {
    constant(Tensor(scalar: value).cast(to: dataType(id)))
  }

  mutating func multiply(_ a: ValueID, _ b: ValueID) throws -> ValueID { try add(Mul(), [a, b]) }
  mutating func multiply(_ a: ValueID, by factor: Double) throws -> ValueID {
    factor == 1 ? a : try add(Mul(), [a, number(factor, like: a)])
  }
  mutating func divide(_ a: ValueID, _ b: ValueID) throws -> ValueID { try add(Div(), [a, b]) }
  mutating func sum(_ a: ValueID, _ b: ValueID) throws -> ValueID { try add(Add(), [a, b]) }
  mutating func sum(_ a: ValueID, _ number: Double) throws -> ValueID {
    try add(Add(), [a, self.number(number, like: a)])
  }
  mutating func difference(_ a: ValueID, _ b: ValueID) throws -> ValueID {
    try add(Sub(), [a, b])
  }
  /// `number - a`.
  mutating func difference(_ number: Double, _ a: ValueID) throws -> ValueID {
    try add(Sub(), [self.number(number, like: a), a])
  }
  mutating func negated(_ a: ValueID) throws -> ValueID { try add(Neg(), [a]) }

  mutating func reshaped(_ x: ValueID, _ shape: Shape) throws -> ValueID {
    if try self.shape(x) == shape { return x }
    return try add(Reshape(allowZero: true), [x, integers(shape.dimensions)])
  }

  mutating func transposed(_ x: ValueID, _ permutation: [Int]) throws -> ValueID {
    try add(Transpose(permutation: permutation), [x])
  }

  /// With the last two axes exchanged.
  mutating func transposed(_ x: ValueID) throws -> ValueID {
    let rank = try shape(x).rank
    return try transposed(x, Array(0..<(rank - 2)) + [rank - 1, rank - 2])
  }

  mutating func summed(_ x: ValueID, over axes: [Int], keep: Bool = false) throws -> ValueID {
    axes.isEmpty ? x : try add(ReduceSum(keepDimensions: keep), [x, integers(axes)])
  }

  mutating func expanded(_ x: ValueID, to shape: Shape) throws -> ValueID {
    if try self.shape(x) == shape { return x }
    return try add(Expand(), [x, integers(shape.dimensions)])
  }

  /// The gradient of an operand that was stretched: summed over what it was stretched along.
  mutating func summed(_ x: ValueID, like operand: ValueID) throws -> ValueID {
    let (from, to) = (try shape(x), try shape(operand))
    if from == to { return x }
    let missing = from.rank - to.rank
    let axes = (0..<from.rank).filter {
      $0 < missing || to[$0 - missing] == 1 && from[$0] != 1
    }
    return try reshaped(summed(x, over: axes, keep: true), to)
  }

  /// Zeros of the shape and type of `id`.
  mutating func zeros(like id: ValueID) throws -> ValueID { try zeros(shape(id), like: id) }

  mutating func zeros(_ shape: Shape, like id: ValueID) throws -> ValueID {
    let zero = number(0, like: id)
    return try expanded(zero, to: shape)
  }

  /// 1 where the flags are true, else 0, of the type of `id`.
  mutating func indicator(_ flags: ValueID, like id: ValueID) throws -> ValueID {
    try add(Cast(to: dataType(id)), [flags])
  }
}
