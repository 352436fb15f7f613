import BinaryIO
import ModelGraph
import Tensors

/// Gives activations that are spelt out in several operators their own: HardSigmoid, HardSwish,
/// Swish, Mish and Gelu.
public struct FuseActivations: GraphPass {
  public static let name = "FuseActivations"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let pattern = Pattern(graph)
    for (index, node) in graph.nodes.enumerated() where !patch.touches(index) {
      guard node.outputs.count == 1, let found = pattern.activation(at: node) else { continue }
      guard found.nodes.allSatisfy({ !patch.touches($0) }) else { continue }
      var fused = node
      fused.operator = found.operator
      fused.inputs = [found.input]
      patch.replace(index, with: [fused])
      for inner in found.nodes { patch.remove(inner) }
      patch.note(
        Rewrite(
          pass: Self.name, removed: found.nodes.map { graph.nodes[$0].name },
          into: "\(node.name) (\(found.operator.name))"))
    }
    return patch
  }
}

/// Looks at what computes a value; every value inside a pattern must be taken by that pattern
/// alone.
private struct Pattern {
  struct Match {
    var `operator`: any Operator
    var input: ValueID
    /// The nodes before the last one.
    var nodes: [Int]
  }

  let graph: Graph
  let uses: GraphUses

  init(_ graph: Graph) {
    self.graph = graph
    uses = GraphUses(graph)
  }

  /// The activation that `last` ends.
  func activation(at last: Node) -> Match? {
    if let (scaled, factor) = scaling(last) {
      // x · clip(x + 3, 0, 6) / 6, and clip(x + 3, 0, 6) / 6
      if let inner = inner(scaled), factor.isClose(to: 1.0 / 6) {
        if let match = gatedByRelu6(graph.nodes[inner]) {
          return Match(operator: HardSwish(), input: match.input, nodes: match.nodes + [inner])
        }
        if let match = shiftedRelu6(scaled) {
          return Match(
            operator: HardSigmoid(alpha: 1.0 / 6, beta: 0.5), input: match.input,
            nodes: match.nodes)
        }
      }
      // (x · (1 + erf(x / √2))) · 0.5
      if factor.isClose(to: 0.5), let inner = inner(scaled), graph.nodes[inner].operator is Mul,
        let match = gelu(graph.nodes[inner], factor: 1)
      {
        return Match(operator: Gelu(), input: match.input, nodes: match.nodes + [inner])
      }
    }
    guard last.operator is Mul else { return nil }
    return gated(last) ?? gelu(last, factor: 0.5)
  }

  /// x · g(x) with one operator for g.
  private func gated(_ node: Node) -> Match? {
    for (x, gate) in sides(node) {
      guard let place = inner(gate) else { continue }
      let function = graph.nodes[place]
      switch function.operator {
      case is Sigmoid where function.inputs == [x]:
        return Match(operator: Swish(), input: x, nodes: [place])
      case let gate as HardSigmoid where function.inputs == [x]:
        guard gate.alpha.isClose(to: 1.0 / 6), gate.beta.isClose(to: 0.5) else { continue }
        return Match(operator: HardSwish(), input: x, nodes: [place])
      case is Tanh:
        guard case let between?? = function.inputs.first, let first = inner(between),
          graph.nodes[first].operator is Softplus, graph.nodes[first].inputs == [x]
        else { continue }
        return Match(operator: Mish(), input: x, nodes: [first, place])
      default: continue
      }
    }
    return nil
  }

  /// x · clip(x + 3, 0, 6).
  private func gatedByRelu6(_ node: Node) -> (input: ValueID, nodes: [Int])? {
    guard node.operator is Mul else { return nil }
    for (x, gate) in sides(node) {
      if let match = shiftedRelu6(gate), match.input == x { return match }
    }
    return nil
  }

  /// clip(x + 3, 0, 6).
  private func shiftedRelu6(_ id: ValueID) -> (input: ValueID, nodes: [Int])? {
    guard let clip = inner(id), graph.nodes[clip].operator is Clip,
      graph.nodes[clip].inputs.count == 3, number(graph.nodes[clip].inputs[1]) == 0,
      number(graph.nodes[clip].inputs[2]) == 6, case let sum?? = graph.nodes[clip].inputs.first,
      let add = inner(sum), graph.nodes[add].operator is Add
    else { return nil }
    for (x, three) in sides(graph.nodes[add]) where number(three) == 3 && keeps(x, sum) {
      return (x, [add, clip])
    }
    return nil
  }

  /// factor · x · (1 + erf(x / √2)), the factor being on x or on the bracket.
  private func gelu(_ node: Node, factor: Double) -> Match? {
    for (x, gate) in sides(node) {
      var (input, bracket, nodes) = (x, gate, [Int]())
      if factor != 1 {
        if let half = inner(x), let (inside, number) = scaling(graph.nodes[half]),
          number.isClose(to: factor)
        {
          (input, nodes) = (inside, [half])
        } else if let half = inner(gate), let (inside, number) = scaling(graph.nodes[half]),
          number.isClose(to: factor)
        {
          (bracket, nodes) = (inside, [half])
        } else {
          continue
        }
      }
      guard let add = inner(bracket), graph.nodes[add].operator is Add else { continue }
      for (erf, one) in sides(graph.nodes[add]) where number(one) == 1 {
        guard let function = inner(erf), graph.nodes[function].operator is Erf,
          case let argument?? = graph.nodes[function].inputs.first, let scale = inner(argument),
          let (inside, number) = scaling(graph.nodes[scale]), inside == input,
          number.isClose(to: 0.5.squareRoot())
        else { continue }
        return Match(operator: Gelu(), input: input, nodes: nodes + [add, function, scale])
      }
    }
    return nil
  }

  /// A Mul or Div by a number: what is scaled, and the factor.
  private func scaling(_ node: Node) -> (ValueID, Double)? {
    guard node.inputs.count == 2, let output = node.outputs.first ?? nil else { return nil }
    if node.operator is Div, let x = node.inputs[0], let divisor = number(node.inputs[1]),
      divisor != 0, keeps(x, output)
    {
      return (x, 1 / divisor)
    }
    guard node.operator is Mul else { return nil }
    for (x, other) in sides(node) {
      if let factor = number(other), keeps(x, output) { return (x, factor) }
    }
    return nil
  }

  private func sides(_ node: Node) -> [(ValueID, ValueID)] {
    guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1] else { return [] }
    return [(a, b), (b, a)]
  }

  /// The node that computes the value, when nobody else takes it.
  private func inner(_ id: ValueID) -> Int? {
    uses.isTakenOnce(id) ? uses.producer(of: id) : nil
  }

  /// A constant that is one number.
  private func number(_ id: ValueID?) -> Double? {
    guard let id, graph.constants[id]?.elementCount == 1 else { return nil }
    return graph.known(id)?.doubles[0]
  }

  /// Whether the number beside x did not add axes.
  private func keeps(_ x: ValueID, _ result: ValueID) -> Bool {
    guard let before = graph[x].type.rank, let after = graph[result].type.rank else { return false }
    return before == after
  }
}

extension Double {
  /// Whether both are the same number in Float, or the next one to it.
  fileprivate func isClose(to other: Double) -> Bool { abs(self - other) <= 1e-6 * abs(other) }
}
