import ModelGraph
import Operators
import OrderedCollections
import Tensors

extension Graph {
  /// The same graph with a `Cast` behind each weight that is stored in another float than the graph computes in.
  ///
  /// Our runtime widens weights where they are used; other runtimes want each node's types to agree. They fold the `Cast`, and the
  /// weight stays in the file as it is.
  /// - Parameter type: the stored type of a weight, by its name.
  func widening(_ type: (String) -> DataType?) -> Graph {
    var graph = self
    var casts: [Node] = []
    for id in parameters {
      let (name, declared) = (graph[id].name, graph[id].type)
      guard let wanted = declared.dataType, wanted.isFloatingPoint, let stored = type(name),
        stored != wanted, stored.isFloatingPoint, !stored.isBlockQuantised
      else { continue }
      let weight = graph.addParameter(name, TensorType(stored, declared.dimensions))
      graph.parameters.remove(id)
      graph[id].name = "\(name).\(wanted)"
      casts.append(
        Node(name: "\(name).cast", Cast(to: wanted), inputs: [weight], outputs: [id]))
    }
    graph.nodes.insert(contentsOf: casts, at: 0)
    return graph
  }
}
