import BinaryIO
import Formats
import ModelGraph
import Operators
import Training
import Zoo

/// Where a run's steps drop, how much, and who says so.
///
/// A model of the zoo drops where its library does; a file's own graph where it has a `Dropout`; adapters before their
/// first matrix. What does not learn and is kept for each sample has nothing dropped in it.
struct DropoutPlan {
  private(set) var places: [DropoutPlace] = []
  /// A sentence for each kind of place, for a person.
  let notes: [String]

  /// Places of one rate that somebody said.
  private struct Group {
    var rate: Double
    var origin: String
    var isPath = false
    var places: [DropoutPlace]
  }

  /// - Parameters:
  ///   - whole: the graph that learns.
  ///   - graph: the part of it that steps run.
  /// - Throws: `.mismatch` for a rate that is none; `.unsupported` when one is asked for where nothing can be dropped.
  init(
    _ model: Model, whole: Graph, graph: Graph, adapters: [LowRankAdapter],
    _ options: FineTuningOptions
  ) throws {
    var groups = try DropoutPlan.groups(of: model, whole, options)
    groups += DropoutPlan.groups(of: adapters, in: graph)
    for index in groups.indices {
      groups[index].places.removeAll { !graph.has($0.site) || $0.rate == 0 }
    }
    groups.removeAll { $0.places.isEmpty }
    for (rate, isPath, option) in [
      (options.dropout, false, "--dropout"), (options.dropPath, true, "--drop-path"),
    ] {
      guard let rate, rate > 0, !groups.contains(where: { $0.origin == option }) else { continue }
      throw DataError(
        .unsupported,
        isPath
          ? "has no layer with a way around it, so that none can be passed by"
          : "has no place where anything could be dropped", path: model.path,
        remedy: "leave out \(option)")
    }
    places = groups.flatMap(\.places)
    var said: [String: [String]] = [:]
    for group in groups {
      said[group.origin, default: []].append(
        "\(group.rate)" + (group.isPath ? " of samples in the last layer" : ""))
    }
    notes =
      said.isEmpty
      ? ["steps drop nothing"]
      : said.sorted { $0.key < $1.key }.map { origin, rates in
        var once: [String] = []
        for rate in rates where !once.contains(rate) { once.append(rate) }
        return "steps drop \(once.joined(separator: ", ")) (\(origin))"
      }
  }

  private static func groups(
    of model: Model, _ graph: Graph, _ options: FineTuningOptions
  ) throws -> [Group] {
    let head = try? ClassifierHead(of: graph)
    let door = head.flatMap { graph.door(of: $0.weight) }
    let isClassifier = graph.outputs.first.map { graph[$0].type.rank == 2 } ?? false
    var groups: [Group] = []
    func add(
      _ sites: [(site: DropoutPlace.Site, share: Double)], _ rate: Double, _ origin: String,
      isPath: Bool = false
    ) throws {
      let asked = isPath ? options.dropPath ?? (options.dropout == 0 ? 0 : nil) : options.dropout
      let rate = asked ?? rate
      guard (0..<1).contains(rate) else {
        throw DataError(
          .mismatch, "a dropout of \(rate)", expected: "0 to below 1", subject: origin,
          path: model.path, remedy: "say another with --dropout")
      }
      let option = isPath ? "--drop-path" : "--dropout"
      groups.append(
        Group(
          rate: rate, origin: asked == nil ? origin : option, isPath: isPath,
          places: sites.map {
            DropoutPlace($0.site, rate: rate * $0.share, unit: isPath ? .sample : .element)
          }))
    }
    if let zooModel = model.zooModel, model.checkpoint.graph == nil {
      for (rule, rate, key) in zooModel.dropouts(sidecars: model.checkpoint.sidecars) {
        let sites = rule.sites.enumerated().compactMap {
          index, site -> (DropoutPlace.Site, Double)? in
          switch site {
          case .value(let name): return (.value(name), rule.share(of: index))
          case .shares(let name): return (.shares(of: name), 1)
          case .head: return door.map { ($0, 1) }
          }
        }
        let origin = key.map { "\($0) of its configuration" }
        try add(
          sites, rate, origin ?? "usual for \(zooModel.recognition.family)", isPath: rule.isPath)
      }
    }
    for node in graph.nodes {
      guard let dropout = node.operator as? Dropout, let y = node.outputs.first ?? nil else {
        continue
      }
      // Its output, since the node itself is gone where nothing learns before it
      try add([(.value(graph[y].name), 1)], dropout.ratio, "the graph's own Dropout")
    }
    if groups.isEmpty, isClassifier, let door { try add([(door, 1)], 0, "as usual") }
    return groups
  }

  private static func groups(of adapters: [LowRankAdapter], in graph: Graph) -> [Group] {
    let rates = Dictionary(
      adapters.map { ($0.nameOfA, $0.dropout) }, uniquingKeysWith: { first, _ in first })
    return graph.nodes.compactMap { node in
      guard node.inputs.count > 1, let a = node.inputs[1], let rate = rates[graph[a].name] else {
        return nil
      }
      return Group(
        rate: rate, origin: "on the way to adapters",
        places: [DropoutPlace(.input(of: node.name), rate: rate)])
    }
  }
}

extension Graph {
  /// What the layer of that weight takes.
  fileprivate func door(of weight: String) -> DropoutPlace.Site? {
    let doors = nodes.filter {
      $0.operator is Transpose
        && $0.inputs.first.map { $0.map { self[$0].name == weight } ?? false } ?? false
    }
    .compactMap { $0.outputs.first ?? nil }
    guard
      let node = nodes.first(where: { node in
        guard node.inputs.count > 1, let id = node.inputs[1] else { return false }
        return self[id].name == weight || doors.contains(id)
      })
    else { return nil }
    return .input(of: node.name)
  }
}
