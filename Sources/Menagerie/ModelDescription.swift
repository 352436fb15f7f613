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
    if let zooModel, let preprocessing = zooModel.preprocessing,
      preprocessing != zooModel.configuration.preprocessing(for: zooModel.dialect)
    {
      members["preprocessing"] = preprocessing.json
    }
    if let facts = zooModel?.configuration.hiddenFacts { members["config"] = facts }
    // Keras names its model alike with and without the last layer's softmax
    if let zooModel, takesPictures, zooModel.dialect.isChannelsLast || endsInSoftmax {
      members["endsInSoftmax"] = .bool(endsInSoftmax)
    }
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
  /// Adopts what `<name>.json` beside a model `<name>.<extension>` says of labels and preprocessing, and the `config.json`
  /// beside a file that is named as transformers names its own.
  ///
  /// Any other JSON file is left alone: only one with such keys is meant.
  mutating func adoptDescription(beside path: String) {
    guard System.isDirectory(path) == false, let dot = path.lastIndex(of: "."),
      !path[dot...].contains("/")
    else { return }
    adoptConfiguration(beside: path)
    let sibling = path[..<dot] + ".json"
    guard (1...Checkpoint.descriptionLimit).contains(System.byteCount(String(sibling))),
      let file = try? MappedFile(path: String(sibling)),
      let description = try? JSONValue(parsing: file.bytes),
      description["labels"] != nil || description["preprocessing"] != nil
    else { return }
    sidecars[System.lastComponent(file.path)] = description
    notes.append("labels and preprocessing are from \(System.lastComponent(file.path))")
  }

  /// Adopts the `config.json` that a directory of transformers has beside its weights.
  private mutating func adoptConfiguration(beside path: String) {
    let name = "config.json"
    guard sidecars[name] == nil, let configuration = Sidecars.beside(path)[name],
      configuration["model_type"] != nil || configuration["hidden_size"] != nil
        || configuration["architectures"] != nil
    else { return }
    sidecars[name] = configuration
    notes.append("what the weights do not show is from \(name) beside them")
  }

  /// Marks in the sidecars what only the file's own graph shows, so that the zoo can build the same.
  mutating func describeGraph() {
    guard let graph else { return }
    var members = sidecars[Checkpoint.descriptionName]?.object ?? [:]
    members["endsInSoftmax"] = .bool(graph.endsInSoftmax)
    sidecars[Checkpoint.descriptionName] = .object(members)
  }
}
