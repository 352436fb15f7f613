import BinaryIO
import ModelGraph
import Tensors

/// Gives normalisations that are spelt out their own operators: LayerNormalization and RMSNormalization over the last axis.
public struct FuseNormalization: GraphPass {
  public static let name = "FuseNormalization"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let pattern = GraphPattern(graph)
    // A sum that ends one comes after the product in it
    for (index, node) in graph.nodes.enumerated().reversed() {
      guard let found = pattern.layer(at: node) ?? pattern.meanSquare(at: node),
        patch.isFree(index, found.nodes)
      else { continue }
      patch.fuse(found, at: index, of: graph, by: Self.name)
    }
    return patch
  }
}

extension GraphPattern {
  /// `(x - mean(x)) / √(mean((x - mean(x))²) + epsilon) · weight + bias`.
  fileprivate func layer(at last: Node) -> Fusion? {
    guard last.operator is Add else { return nil }
    for (product, bias) in sides(last) {
      guard let mul = inner(product), graph.nodes[mul].operator is Mul else { continue }
      for (normal, weight) in sides(graph.nodes[mul]) {
        guard isRow(weight, of: normal), isRow(bias, of: normal),
          let found = divided(normal, uses: 2),
          let sub = uses.producer(of: found.x), !uses.isOutput(found.x),
          graph.nodes[sub].operator is Sub, graph.nodes[sub].inputs.count == 2,
          let x = graph.nodes[sub].inputs[0],
          let mean = inner(graph.nodes[sub].inputs[1], ReduceMean.self), mean.input == x,
          isMean(mean.place)
        else { continue }
        return Fusion(
          operator: LayerNormalization(axis: -1, epsilon: found.epsilon),
          inputs: [x, weight, bias], nodes: found.nodes + [mul, sub, mean.place])
      }
    }
    return nil
  }

  /// `x / √(mean(x²) + epsilon) · weight`.
  fileprivate func meanSquare(at last: Node) -> Fusion? {
    guard last.operator is Mul else { return nil }
    for (normal, weight) in sides(last) {
      guard isRow(weight, of: normal), let found = divided(normal, uses: nil) else { continue }
      return Fusion(
        operator: RMSNormalization(axis: -1, epsilon: found.epsilon), inputs: [found.x, weight],
        nodes: found.nodes)
    }
    return nil
  }

  /// `x / √(mean(x²) + epsilon)`, x being taken so many times where that matters.
  private func divided(
    _ normal: ValueID, uses count: Int?
  ) -> (x: ValueID, epsilon: Double, nodes: [Int])? {
    guard let place = inner(normal) else { return nil }
    let node = graph.nodes[place]
    var candidates: [(x: ValueID, root: ValueID, nodes: [Int])] = []
    if node.operator is Div, let x = node.inputs[0], let root = node.inputs[1] {
      candidates.append((x, root, [place]))
    } else if node.operator is Mul {
      for (x, inverse) in sides(node) {
        if let found = inner(inverse, Reciprocal.self) {
          candidates.append((x, found.input, [place, found.place]))
        } else if let div = inner(inverse), graph.nodes[div].operator is Div,
          number(graph.nodes[div].inputs[0]) == 1, let root = graph.nodes[div].inputs[1]
        {
          candidates.append((x, root, [place, div]))
        }
      }
    }
    for (x, root, nodes) in candidates {
      guard let sqrt = inner(root, Sqrt.self), let add = inner(sqrt.input),
        graph.nodes[add].operator is Add
      else { continue }
      for (mean, small) in sides(graph.nodes[add]) {
        guard let epsilon = number(small), epsilon >= 0,
          let reduce = inner(mean, ReduceMean.self), isMean(reduce.place),
          let square = inner(reduce.input), isSquare(graph.nodes[square], of: x)
        else { continue }
        let takers = Set(uses.consumers(of: x))
        if let count, takers.count != count { continue }
        return (x, epsilon, nodes + [sqrt.place, add, reduce.place, square])
      }
    }
    return nil
  }

  private func isMean(_ place: Int) -> Bool {
    guard let mean = graph.nodes[place].operator as? ReduceMean, mean.keepDimensions else {
      return false
    }
    return isAlongLastAxis(graph.nodes[place])
  }

  private func isSquare(_ node: Node, of x: ValueID) -> Bool {
    if node.operator is Pow { return node.inputs[0] == x && number(node.inputs[1]) == 2 }
    return node.operator is Mul && node.inputs == [x, x]
  }

  /// Whether it is a number for each feature of x, known beforehand.
  private func isRow(_ id: ValueID, of x: ValueID) -> Bool {
    guard graph.constants[id] != nil || graph.parameters.contains(id),
      let row = graph[id].type.dimensions, row.count == 1, row[0].value != nil,
      graph[x].type.dataType == .float32, graph[id].type.dataType == .float32
    else { return false }
    return graph[x].type.dimensions?.last == row[0]
  }
}
