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
    let pattern = GraphPattern(graph)
    for (index, node) in graph.nodes.enumerated() where node.outputs.count == 1 {
      guard !patch.touches(index), let found = pattern.activation(at: node) else { continue }
      let fusion = Fusion(operator: found.operator, inputs: [found.input], nodes: found.nodes)
      if patch.isFree(index, fusion.nodes) {
        patch.fuse(fusion, at: index, of: graph, by: Self.name)
      }
    }
    return patch
  }
}

private struct ActivationMatch {
  var `operator`: any Operator
  var input: ValueID
  /// The nodes before the last one.
  var nodes: [Int]
}

extension GraphPattern {
  private typealias Match = ActivationMatch

  /// The activation that `last` ends.
  fileprivate func activation(at last: Node) -> ActivationMatch? {
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
      for (function, one) in sides(graph.nodes[add]) where number(one) == 1 {
        if let inside = errorFunction(function, of: input) {
          return Match(operator: Gelu(), input: input, nodes: nodes + [add] + inside)
        }
        if let inside = hyperbolicTangent(function, of: input) {
          return Match(
            operator: Gelu(approximation: .tanh), input: input, nodes: nodes + [add] + inside)
        }
      }
    }
    return nil
  }

  /// The nodes of erf(x / √2).
  private func errorFunction(_ id: ValueID, of x: ValueID) -> [Int]? {
    guard let erf = inner(id, Erf.self), let scale = inner(erf.input),
      let (inside, number) = scaling(graph.nodes[scale]), inside == x,
      number.isClose(to: 0.5.squareRoot())
    else { return nil }
    return [erf.place, scale]
  }

  /// The nodes of tanh(√(2/π) · (x + 0.044715 · x³)).
  private func hyperbolicTangent(_ id: ValueID, of x: ValueID) -> [Int]? {
    guard let tanh = inner(id, Tanh.self), let scale = inner(tanh.input),
      let (sum, number) = scaling(graph.nodes[scale]),
      number.isClose(to: (2 / Double.pi).squareRoot()), let add = inner(sum),
      graph.nodes[add].operator is Add
    else { return nil }
    for (plain, small) in sides(graph.nodes[add]) where plain == x {
      guard let factor = inner(small), let (cube, number) = scaling(graph.nodes[factor]),
        number.isClose(to: 0.044715), let nodes = self.cube(cube, of: x)
      else { continue }
      return [tanh.place, scale, add, factor] + nodes
    }
    return nil
  }

  /// The nodes of x³.
  private func cube(_ id: ValueID, of x: ValueID) -> [Int]? {
    guard let place = inner(id) else { return nil }
    let node = graph.nodes[place]
    if node.operator is Pow {
      return node.inputs[0] == x && number(node.inputs[1]) == 3 ? [place] : nil
    }
    guard node.operator is Mul else { return nil }
    for (square, plain) in sides(node) where plain == x {
      if let inside = inner(square), graph.nodes[inside].operator is Mul,
        graph.nodes[inside].inputs == [x, x]
      {
        return [place, inside]
      }
    }
    return nil
  }
}
