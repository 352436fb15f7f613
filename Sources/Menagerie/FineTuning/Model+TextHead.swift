import BinaryIO
import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import Training
import Zoo

/// Learns with a last layer whose outputs are classes or a number.
protocol HeadTask: LearningTask {
  var problem: ProblemType { get }
}

extension Model {
  /// The same model with its library's head for texts, if it has none of so many classes already.
  ///
  /// - Parameter labels: names of the classes; one for a number.
  /// - Returns: the model, the names of the head's weights in its graph, and whether some of them are new.
  /// - Throws: `.unsupported` for an architecture that has no such head.
  func classifyingTexts(
    _ labels: [String], _ problem: ProblemType, padding: Int, seed: UInt64
  ) throws -> (model: Model, head: Set<String>, isNew: Bool) {
    guard let zooModel, checkpoint.graph == nil else {
      let (model, isNew) = try withClasses(labels, problem, seed: seed)
      return (model, try Set(ClassifierHead(of: model.graph()).names), isNew)
    }
    let keepsHead =
      zooModel.configuration.task == .textClassification
      && zooModel.configuration.classes == labels.count
    guard
      let (changed, made) = try zooModel.classifyingTexts(
        classes: labels.count, problem: problem.rawValue, padding: padding,
        labels: problem == .number ? nil : labels,
        fresh: { Model.freshWeight($0, $1, seed: seed) }),
      let base = changed.configuration as? any TextClassifiable
    else {
      throw DataError(
        .unsupported,
        "is \(zooModel.configuration.variant), which has no head that classifies texts",
        expected: "a BERT, RoBERTa, DistilBERT, MPNet, ELECTRA, ALBERT, ModernBERT, GPT-2 or Llama",
        path: path)
    }
    var own = checkpoint
    own.normalised = try namingFile(path) {
      try changed.expressed(in: changed.dialect, withGraph: false).tensors
    }
    own.adopt(base.sidecars(for: .huggingFace, labels: changed.labels, preprocessing: nil))
    if problem != .number { own.setLabels(labels, problem) }
    let model = try Model(own, path: path, options: options)
    guard model.zooModel?.configuration.classes == labels.count else {
      throw DataError(
        .unsupported, "is not known again with a head for \(labels.count) classes", path: path)
    }
    let names = try model.graph().parameters.map { try model.graph()[$0].name }
    let head = names.filter { name in
      made.contains(name) || base.headPrefixes.contains { name.hasPrefix($0) }
    }
    return (model, Set(head), !keepsHead)
  }

  /// Numbers by chance, which follow from the seed and the name; scales are 1, biases 0.
  ///
  /// - Source: transformers' `initializer_range`: normally distributed with the deviation 0.02.
  private static func freshWeight(_ name: String, _ shape: Shape, seed: UInt64) -> Tensor {
    guard shape.rank > 1 else {
      let value: Float = name.hasSuffix("norm.weight") ? 1 : 0
      return Tensor(shape: shape, [Float](repeating: value, count: shape.elementCount))
    }
    let place = name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF }
    var random = RandomNumbers(seed: seed, 0x7465_7874, place)
    return Tensor(
      shape: shape, (0..<shape.elementCount).map { _ in Float(0.02 * random.normal()) })
  }
}

extension Checkpoint {
  /// Takes from a configuration what a new head changes, where the weights have one beside them.
  fileprivate mutating func adopt(_ files: Sidecars) {
    guard let new = files["config.json"]?.object, var config = sidecars["config.json"]?.object
    else { return }
    for key in ["id2label", "label2id", "num_labels"] { config[key] = nil }
    for key in ["architectures", ProblemType.key, "pad_token_id", "id2label", "label2id"] {
      if let value = new[key], !value.isNull { config[key] = value }
    }
    sidecars["config.json"] = .object(config)
  }
}
