import BinaryIO
import Execution
import Formats
import HuggingFaceConverter
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import Training
import Zoo

extension Model {
  /// The same model with a layer for other classes at its end, if it has not as many already.
  ///
  /// - Parameter problem: what the classes are to each other.
  /// - Returns: the model, whose labels are `labels`, and whether the layer is new.
  /// - Throws: `.unsupported` when the end is no layer of classes, gives shares of one where several labels or a number are
  ///   wanted, or the file has it in other tensors.
  func withClasses(
    _ labels: [String], _ problem: ProblemType = .oneLabel, seed: UInt64
  ) throws -> (model: Model, isNew: Bool) {
    let head = try namingFile(path) { try ClassifierHead(of: try graph()) }
    if problem != .oneLabel, try graph().endsInSoftmax {
      throw DataError(
        .unsupported, "ends in a softmax, which divides one among its classes",
        expected: "a model that gives logits, to learn several labels or a number", path: path)
    }
    var checkpoint = checkpoint
    let isNew = head.classes != labels.count
    if isNew {
      let own = Dictionary(
        weights.map { ($0.entry.name, $0) }, uniquingKeysWith: { first, _ in first })
      guard let weight = own[head.weight] else {
        throw DataError(.malformed, "has no tensor '\(head.weight)'", path: path)
      }
      let fresh = head.fresh(
        classes: labels.count, replacing: weight.entry.shape, seed: seed)
      for (name, tensor) in [(head.weight, fresh.weight as Tensor?), (head.bias, fresh.bias)] {
        guard let name, let tensor, let old = own[name] else { continue }
        guard
          let place = checkpoint.normalised.firstIndex(where: {
            $0.sources == old.sources && $0.entry.shape == old.entry.shape
          })
        else {
          throw DataError(
            .unsupported, "its layer of classes '\(name)' lies in other tensors", path: path)
        }
        let type = old.entry.dataType.isBlockQuantised ? .float32 : old.entry.dataType
        checkpoint.normalised[place].entry = TensorEntry(
          name: checkpoint.normalised[place].entry.name, tensor.cast(to: type))
      }
      checkpoint.graph = try checkpoint.graph.map {
        try $0.resized([
          (head.weight, fresh.weight.shape), (head.bias ?? "", [labels.count]),
        ])
      }
    }
    checkpoint.setLabels(labels, problem)
    return (try Model(checkpoint, path: path, options: options), isNew)
  }

  /// The same model with other numbers in its weights.
  ///
  /// - Parameter values: by the names that the graph has for them.
  func withWeights(_ values: [String: Tensor]) throws -> Model {
    let changed = weights.map { weight in
      guard let tensor = values[weight.entry.name] else { return weight }
      var weight = weight
      let type = weight.entry.dataType
      weight.entry = TensorEntry(
        name: weight.entry.name, type.isBlockQuantised ? tensor : tensor.cast(to: type))
      return weight
    }
    var checkpoint = checkpoint
    checkpoint.normalised = try inFile(changed, withSecondNames: true)
    return try Model(checkpoint, path: path, options: options)
  }
}

extension Graph {
  /// The graph with parameters of other shapes; what follows from them is inferred anew.
  fileprivate func resized(_ shapes: [(name: String, shape: Shape)]) throws -> Graph {
    var graph = self
    for id in graph.parameters {
      guard let shape = shapes.first(where: { $0.name == graph[id].name })?.shape else { continue }
      graph[id].type = TensorType(graph[id].type.dataType, shape: shape)
    }
    for node in graph.nodes {
      for case let id? in node.outputs { graph[id].type = .unknown }
    }
    try graph.inferTypes()
    return graph
  }
}

extension Checkpoint {
  /// Names the classes in what travels with the weights, before all others that name some.
  mutating func setLabels(_ labels: [String], _ problem: ProblemType = .oneLabel) {
    var description = sidecars[Checkpoint.descriptionName]?.object ?? [:]
    description["labels"] = .array(labels.map { .string($0) })
    // One label out of several is what every reader takes for granted
    description[ProblemType.key] = problem == .oneLabel ? nil : .string(problem.rawValue)
    sidecars[Checkpoint.descriptionName] = nil
    sidecars.updateValue(
      .object(description), forKey: Checkpoint.descriptionName, insertingAt: 0)
    notes.removeAll { $0.hasPrefix(Checkpoint.labelsNote) }
    guard var config = sidecars["config.json"]?.object, config["id2label"] != nil else { return }
    config.addLabels(labels, classes: labels.count)
    if config["num_labels"] != nil { config["num_labels"] = .integer(labels.count) }
    if problem != .oneLabel || config[ProblemType.key] != nil {
      config[ProblemType.key] = .string(problem.rawValue)
    }
    sidecars["config.json"] = .object(config)
  }
}
