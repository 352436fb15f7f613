import BinaryIO
import Execution
import ModelGraph

extension Model {
  /// The part of the model that gives these outputs, with no more inputs than they need.
  /// - Throws: `.unsupported` when the model has no such output.
  func part(giving outputs: [String]) throws -> Session {
    var graph = try graph()
    graph.outputs = try outputs.map { name in
      guard let id = graph.outputs.first(where: { graph[$0].name == name }) else {
        let names = graph.outputs.map { graph[$0].name }.joined(separator: ", ")
        throw DataError(.unsupported, "gives no \(name), but \(names)", path: path)
      }
      return id
    }
    graph = graph.withoutDeadNodes()
    let used = Set(graph.nodes.flatMap { $0.inputs.compactMap(\.self) } + graph.outputs)
    graph.inputs.removeAll { !used.contains($0) }
    let table = WeightTable(weights)
    return try namingFile(path) {
      try Session(graph: graph, weights: { try table.tensor($0) }, options: options)
    }
  }
}
