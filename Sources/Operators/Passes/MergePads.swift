import BinaryIO
import ModelGraph
import Tensors

/// Lets a convolution or pooling do the padding of a Pad before it, where the new elements count
/// alike.
public struct MergePads: GraphPass {
  public static let name = "MergePads"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let uses = GraphUses(graph)
    for (index, node) in graph.nodes.enumerated() where !patch.touches(index) {
      guard case let padded?? = node.inputs.first, let place = uses.producer(of: padded),
        let pad = graph.nodes[place].operator as? Pad,
        case let x?? = graph.nodes[place].inputs.first,
        let amounts = spatialAmounts(pad, graph.nodes[place], graph),
        let merged = merged(
          node.operator, amounts, value(graph.nodes[place], graph), x, graph, uses)
      else { continue }
      var wider = node
      wider.operator = merged
      wider.inputs[0] = x
      patch.replace(index, with: [wider])
      patch.note(Rewrite(pass: Self.name, removed: [graph.nodes[place].name], into: node.name))
    }
    return patch
  }

  /// What a Pad adds to the spatial axes; nil when it does anything else.
  private func spatialAmounts(_ pad: Pad, _ node: Node, _ graph: Graph) -> [(Int, Int)]? {
    guard pad.mode == .constant,
      let rank = (node.inputs.first ?? nil).flatMap({ graph[$0].type.rank }),
      rank >= 3
    else { return nil }
    var known: [Int: Tensor] = [:]
    for case (let index, let id?) in node.inputs.enumerated() {
      if let tensor = graph.known(id) { known[index] = tensor }
    }
    let inputs = OperatorInputs(
      types: node.inputs.map { $0.map { graph[$0].type } }, constants: known)
    guard let amounts = (try? pad.amounts(inputs, rank: rank)) ?? nil,
      amounts.allSatisfy({ $0.begin >= 0 && $0.end >= 0 }),
      amounts.prefix(2).allSatisfy({ $0.begin == 0 && $0.end == 0 })
    else { return nil }
    return amounts.dropFirst(2).map { ($0.begin, $0.end) }
  }

  /// What a Pad pads with; nil while not known.
  private func value(_ node: Node, _ graph: Graph) -> Double? {
    guard node.inputs.count > 2, let id = node.inputs[2] else { return 0 }
    return graph.known(id)?.doubles.first
  }

  private func merged(
    _ operator: any Operator, _ amounts: [(Int, Int)], _ value: Double?, _ x: ValueID,
    _ graph: Graph, _ uses: GraphUses
  ) -> (any Operator)? {
    switch `operator` {
    case var conv as Conv:
      guard value == 0, let sum = sum(conv.padding, amounts) else { return nil }
      conv.padding = sum
      return conv
    case var pool as AveragePool:
      // Zeros count in the mean, as they did when they were elements.
      let isFree = pool.padding == .symmetric(amounts.map { _ in 0 }) && !pool.ceilMode
      guard value == 0, isFree, let sum = sum(pool.padding, amounts) else { return nil }
      pool.padding = sum
      pool.countIncludePad = true
      return pool
    case var pool as MaxPool:
      // Padding never wins; zeros never do where nothing is negative and each window sees an
      // element.
      let isNeutral = value == -.infinity || value == 0 && isNonNegative(x, graph, uses)
      guard isNeutral, let sum = sum(pool.padding, amounts), !pool.ceilMode,
        pool.dilations.allSatisfy({ $0 == 1 }), case .explicit(let begin, let end) = sum,
        zip(pool.kernel, zip(begin, end)).allSatisfy({ max($1.0, $1.1) < $0 })
      else { return nil }
      pool.padding = sum
      return pool
    default: return nil
    }
  }

  private func sum(_ padding: Padding, _ amounts: [(Int, Int)]) -> Padding? {
    guard case .explicit(let begin, let end) = padding, begin.count == amounts.count,
      end.count == amounts.count
    else { return nil }
    return .explicit(
      begin: zip(begin, amounts).map { $0 &+ $1.0 }, end: zip(end, amounts).map { $0 &+ $1.1 })
  }

  /// Whether no element can be below zero.
  private func isNonNegative(_ id: ValueID, _ graph: Graph, _ uses: GraphUses) -> Bool {
    guard let place = uses.producer(of: id) else { return false }
    let node = graph.nodes[place]
    switch node.operator {
    case is Relu, is Sigmoid, is HardSigmoid, is Softplus, is Softmax, is Abs, is Exp: return true
    case is Clip:
      return (node.inputs.count > 1 ? graph.known(node.inputs[1]) : nil)?.doubles.first ?? -1 >= 0
    default: return false
    }
  }
}
