import BinaryIO
import ModelGraph
import Tensors

/// Removes nodes that give what they take.
public struct RemoveNoOperations: GraphPass {
  public static let name = "RemoveNoOperations"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let uses = GraphUses(graph)
    for (index, node) in graph.nodes.enumerated() {
      guard let kept = passedThrough(node, graph, uses) else { continue }
      guard patch.bypass(index, taking: kept, in: graph, uses) else { continue }
      patch.note(Rewrite(pass: Self.name, removed: [node.name], into: graph[kept].name))
    }
    return patch
  }

  /// The input that the node's first output always equals, when nobody takes its other outputs.
  private func passedThrough(_ node: Node, _ graph: Graph, _ uses: GraphUses) -> ValueID? {
    guard case let output?? = node.outputs.first, case let input?? = node.inputs.first,
      node.outputs.dropFirst().allSatisfy({ id in
        id.map { uses.consumers(of: $0).isEmpty && !uses.isOutput($0) } ?? true
      })
    else { return nil }
    let (before, after) = (graph[input].type, graph[output].type)
    func constant(_ index: Int) -> Tensor? {
      node.inputs.indices.contains(index) ? graph.known(node.inputs[index]) : nil
    }
    func isAbsent(_ index: Int) -> Bool {
      !node.inputs.indices.contains(index) || node.inputs[index] == nil
    }
    let isSame = keepsShape(before, after)
    switch node.operator {
    case is Identity, is Dropout: return input
    case let cast as Cast: return before.dataType == cast.target ? input : nil
    case let transpose as Transpose:
      let rank = before.rank ?? -1
      return rank >= 0 && (try? transpose.order(rank: rank)) == Array(0..<rank) ? input : nil
    case is Reshape, is Flatten, is Squeeze, is Unsqueeze, is Expand:
      return isSame ? input : nil
    case is Slice:
      let forwards = isAbsent(4) || constant(4)?.integers.allSatisfy { $0 == 1 } == true
      return isSame && forwards ? input : nil
    case is Pad: return constant(1)?.integers.allSatisfy { $0 == 0 } == true ? input : nil
    case is Concat, is Max, is Min, is Sum, is Mean: return node.inputs.count == 1 ? input : nil
    case is Clip: return isAbsent(1) && isAbsent(2) ? input : nil
    case is Add: return neutral(node, 0, bothSides: true, graph, after)
    case is Sub: return neutral(node, 0, bothSides: false, graph, after)
    case is Mul: return neutral(node, 1, bothSides: true, graph, after)
    case is Div, is Pow: return neutral(node, 1, bothSides: false, graph, after)
    default: return nil
    }
  }

  /// Whether both types are the same shape for certain.
  private func keepsShape(_ before: TensorType, _ after: TensorType) -> Bool {
    guard let a = before.dimensions, let b = after.dimensions, a == b else { return false }
    return !a.contains(.unknown)
  }

  /// The other input of a node that has a constant of nothing but `number` on one side.
  private func neutral(
    _ node: Node, _ number: Double, bothSides: Bool, _ graph: Graph, _ after: TensorType
  ) -> ValueID? {
    guard node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1] else {
      return nil
    }
    for (kept, other) in bothSides ? [(left, right), (right, left)] : [(left, right)] {
      guard let tensor = graph.constants[other], tensor.elementCount <= 1 << 16,
        keepsShape(graph[kept].type, after), tensor.doubles.allSatisfy({ $0 == number })
      else { continue }
      return kept
    }
    return nil
  }
}
