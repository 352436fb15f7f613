import BinaryIO
import Formats
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Zoo

/// What travels with a model beside its weights, in our own words: labels, preprocessing, and what names do not show.
extension Model {
  /// The description that a converted file carries; nil when there is nothing that its names do not say already.
  var description: JSONValue? {
    var members: OrderedDictionary<String, JSONValue> = [:]
    let takesPictures = zooModel?.configuration.task.takesPictures ?? true
    if let labels,
      labels != Labels.find(sidecars: [:], classes: labels.count, ofPictures: takesPictures)
    {
      members["labels"] = .array(labels.map { .string($0) })
    }
    members[ProblemType.key] = checkpoint.sidecars[Checkpoint.descriptionName]?[ProblemType.key]
    if let zooModel, let preprocessing = zooModel.preprocessing,
      // Meta's pictures are smaller than those that the positions are for, which only the preprocessing says
      zooModel.dialect == .meta
        || preprocessing != zooModel.configuration.preprocessing(for: zooModel.dialect)
    {
      members["preprocessing"] = preprocessing.json
    } else if zooModel == nil {
      members["preprocessing"] = preprocessing?.json
    }
    // What nobody here knows keeps the configuration that it came with
    let own = zooModel == nil ? checkpoint.sidecars["config.json"] : nil
    members["config"] = zooModel?.configuration.hiddenFacts ?? own
    // Keras names its model alike with and without the last layer's softmax
    if let zooModel, takesPictures, zooModel.dialect.isChannelsLast || endsInSoftmax {
      members["endsInSoftmax"] = .bool(endsInSoftmax)
    }
    // What only a GGUF file says comes back in the next one
    members["gguf"] = checkpoint.sidecars[Checkpoint.descriptionName]?["gguf"]
    return members.isEmpty ? checkpoint.sidecars[Checkpoint.descriptionName] : .object(members)
  }

  /// Whether what runs gives probabilities.
  private var endsInSoftmax: Bool { (checkpoint.graph ?? zooModel?.graph)?.endsInSoftmax ?? false }
}

extension Graph {
  /// Whether the first output comes out of a softmax.
  var endsInSoftmax: Bool {
    guard let last = outputs.first else { return false }
    return nodes.contains { $0.outputs.contains(last) && $0.operator is Softmax }
  }
}

extension Checkpoint {
  /// Marks in the sidecars what only the file's own graph shows, so that the zoo can build the same.
  mutating func describeGraph() {
    guard let graph else { return }
    var members = sidecars[Checkpoint.descriptionName]?.object ?? [:]
    members["endsInSoftmax"] = .bool(graph.endsInSoftmax)
    sidecars[Checkpoint.descriptionName] = .object(members)
  }
}
