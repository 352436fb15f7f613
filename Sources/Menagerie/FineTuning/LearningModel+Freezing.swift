import BinaryIO
import Formats
import ModelGraph
import Tensors
import Training

extension LearningModel {
  /// Lets weights stay as they are.
  ///
  /// - Parameter patterns: names, with `*` and `?`: those of the file, or of the graph.
  /// - Throws: `.mismatch` for a pattern that fits nothing that would learn.
  mutating func freeze(_ patterns: [String], of model: Model) throws {
    guard !patterns.isEmpty else { return }
    let sources = Dictionary(
      model.weights.map { ($0.entry.name, $0.sources) }, uniquingKeysWith: { first, _ in first })
    var held: [String: Parameter] = [:]
    for pattern in patterns {
      let glob = Glob(pattern)
      let found = parameters.filter { parameter in
        glob.matches(parameter.name)
          || (sources[parameter.name] ?? []).contains { glob.matches($0) }
      }
      guard !found.isEmpty else {
        let names = parameters.prefix(3).map { sources[$0.name]?.first ?? $0.name }
        throw DataError(
          .mismatch, "nothing that learns is called '\(pattern)'",
          expected: "names such as \(names.joined(separator: ", "))", path: model.path)
      }
      for parameter in found { held[parameter.name] = parameter }
    }
    parameters.removeAll { held[$0.name] != nil }
    let (base, fixed) = (weights, held)
    weights = { try fixed[$0]?.tensor ?? base($0) }
  }

  /// The weights that learn, in the order in which the graph uses them.
  var namesInOrder: [String] {
    let learning = Set(parameters.map(\.name))
    var names: [String] = []
    var seen: Set<String> = []
    for id in graph.nodes.flatMap(\.inputs) {
      guard let id, graph.parameters.contains(id), learning.contains(graph[id].name),
        seen.insert(graph[id].name).inserted
      else { continue }
      names.append(graph[id].name)
    }
    return names
  }
}
