import BinaryIO
import ModelGraph
import Operators
import Tensors
import Training
import Zoo

/// Learns from arrays that are what the model takes, each under its input's name, beside `labels`: a class for each sample, or
/// a token for each place.
///
/// A model that continues texts needs no labels: it learns what follows. Labels are then those of transformers, one for
/// each token and moved by one when they are compared; -100 is not learnt.
public struct ArrayTask: LearningTask {
  public static let name = "arrays"
  public static let summary = "an .npz file of arrays, named as the model's inputs, beside 'labels'"
  public static let heeded: Set<DataOption> = [.labelSmoothing]

  public let model: Model
  public let head: Set<String>
  public let isHeadNew: Bool
  public let objective: any Objective
  public let classes: [String]
  public let signature: String
  private let source: ArraySource
  private let split: StratifiedSplit

  public static func fits(_ model: Model, _ data: DataGlance) -> Bool {
    data.path.hasSuffix(".npz")
  }

  public init(_ model: Model, data: String, options: FineTuningOptions) throws {
    var arrays = try SampleArrays(data)
    let graph = try model.graph()
    guard let rank = graph.outputs.first.flatMap({ graph[$0].type.rank }), (2...3).contains(rank)
    else {
      throw DataError(
        .unsupported, "does not end in scores of classes or tokens", path: model.path)
    }
    let inputs = try Self.inputs(of: model, graph, in: &arrays, data)
    let labels: [[Int]]
    if rank == 2 {
      labels = try arrays.integers(Self.labels).map { [$0] }
      (self.model, isHeadNew) = try Self.model(model, for: labels, arrays, data)
      head = try Set(ClassifierHead(of: self.model.graph()).names)
      let count = try ClassifierHead(of: self.model.graph()).classes
      classes = self.model.labels ?? (0..<count).map(String.init)
      objective = ClassObjective()
    } else {
      try options.refuseSmoothing(where: "a token for each place is learnt")
      labels = try Self.tokens(model, graph, arrays, data)
      (self.model, isHeadNew, classes) = (model, false, [])
      head = Set((try? ClassifierHead(of: graph))?.names ?? [])
      objective = TokenObjective()
    }
    signature =
      try arrays.names.map { "\($0) \(try arrays.shape($0))" }.joined(separator: ", ")
    source = ArraySource(
      arrays: arrays, inputs: inputs, labels: labels, classes: rank == 2 ? classes.count : nil,
      labelSmoothing: options.labelSmoothing, definition: model.zooModel?.definition,
      taken: graph.inputs.map { graph[$0].name })
    split = StratifiedSplit(
      rank == 2 ? labels.map { $0[0] } : labels.map { _ in 0 }, share: options.validationShare,
      seed: options.seed)
  }

  public var training: any TrainingSource { Part(source: source, samples: split.training) }
  public var validation: any TrainingSource {
    var source = source
    source.labelSmoothing = 0
    return Part(source: source, samples: split.validation)
  }
  public func judge() -> any Judge {
    classes.isEmpty ? PerplexityJudge() : ClassJudge(classes: classes.count)
  }
  public var unit: String { "samples" }
  public var notes: [String] { [] }
  public var skipped: [DataError] { [] }
  public func exhibit(_ sample: Int) -> Exhibit? {
    split.validation.indices.contains(sample) ? .text("sample \(split.validation[sample])") : nil
  }
}

extension ArrayTask {
  private static let labels = "labels"

  /// The inputs that there are arrays for; a single array needs no name.
  /// - Throws: `.mismatch` for an array too many or too few.
  private static func inputs(
    of model: Model, _ graph: Graph, in arrays: inout SampleArrays, _ data: String
  ) throws -> [(name: String, type: DataType?)] {
    let inputs = graph.inputs.map { (name: graph[$0].name, type: graph[$0].type.dataType) }
    let defaults = model.zooModel?.definition.defaults ?? [:]
    let required = inputs.filter { defaults[$0.name] == nil }
    let given = arrays.names.filter { $0 != labels }
    if required.count == 1, given.count == 1, !inputs.contains(where: { $0.name == given[0] }) {
      arrays.rename(given[0], to: required[0].name)
    }
    let names = inputs.map(\.name).joined(separator: ", ")
    for name in arrays.names where name != labels && !inputs.contains(where: { $0.name == name }) {
      throw DataError(
        .mismatch, "array '\(name)' is no input of the model", expected: names, path: data)
    }
    for (name, _) in required where !arrays.has(name) {
      throw DataError(.mismatch, "has no array '\(name)'", expected: names, path: data)
    }
    return inputs.filter { arrays.has($0.name) }
  }

  /// The model, with a new layer of classes where it has too few for the labels.
  private static func model(
    _ model: Model, for labels: [[Int]], _ arrays: SampleArrays, _ data: String
  ) throws -> (model: Model, isNew: Bool) {
    let shape = try arrays.shape(Self.labels)
    guard shape.rank == 1 else {
      throw DataError(
        .mismatch, "is \(shape)", expected: "a class for each of \(arrays.count) samples",
        subject: "array 'labels'", path: data)
    }
    let limit = 1_000_000
    if let row = labels.firstIndex(where: { !(0..<limit).contains($0[0]) }) {
      throw DataError(
        .mismatch, "the label of sample \(row) is \(labels[row][0])",
        expected: "a class from 0 on", path: data)
    }
    let needed = (labels.map { $0[0] }.max() ?? 0) + 1
    let head = try namingFile(model.path) { try ClassifierHead(of: model.graph()) }
    if needed <= head.classes { return (model, false) }
    return try model.withClasses((0..<needed).map(String.init), seed: 0)
  }

  /// The token that is wanted at each place.
  private static func tokens(
    _ model: Model, _ graph: Graph, _ arrays: SampleArrays, _ data: String
  ) throws -> [[Int]] {
    let continues = model.zooModel?.configuration.task == .textGeneration
    let name = arrays.has(labels) || !continues ? labels : "input_ids"
    let shape = try arrays.shape(name)
    var values = try arrays.integers(name)
    guard shape.rank == 2 else {
      throw DataError(
        .mismatch, "is \(shape)", expected: "a number for each token of \(arrays.count) samples",
        subject: "array '\(name)'", path: data)
    }
    if name != labels, arrays.has("attention_mask"),
      try arrays.shape("attention_mask") == shape
    {
      let mask = try arrays.integers("attention_mask")
      for place in values.indices where mask[place] == 0 { values[place] = TokenBatch.ignored }
    }
    let scores = graph.outputs.first.flatMap { graph[$0].type.dimensions?.last?.value }
    for (place, value) in values.enumerated() where value != TokenBatch.ignored {
      guard value >= 0, value < scores ?? .max else {
        throw DataError(
          .mismatch, "the label \(value) of sample \(place / shape[1])",
          expected: "0 to below \(scores.map(String.init) ?? "the number of classes")", path: data)
      }
    }
    return (0..<shape[0]).map { sample in
      let row = values[(sample * shape[1])..<((sample + 1) * shape[1])]
      return continues ? row.dropFirst() + [TokenBatch.ignored] : Array(row)
    }
  }
}

/// Samples of arrays as a graph takes them.
private struct ArraySource: Sendable {
  let arrays: SampleArrays
  let inputs: [(name: String, type: DataType?)]
  let labels: [[Int]]
  /// Nil where each place has a token.
  let classes: Int?
  var labelSmoothing: Double
  let definition: ModelDefinition?
  let taken: [String]

  func batch(_ samples: [Int], places: [Int]) throws -> TrainingBatch {
    var given: [String: Tensor] = [:]
    for (name, type) in inputs {
      let tensor = try arrays.batch(name, samples)
      given[name] = type.map { tensor.cast(to: $0) } ?? tensor
    }
    given = try definition?.completed(given, taken: taken) ?? given
    if let classes {
      let own = samples.map { labels[$0][0] }
      return TrainingBatch(
        inputs: given,
        targets: ClassObjective.targets(own, classes: classes, smoothing: labelSmoothing),
        indices: places, labels: own)
    }
    let tokens = samples.map { labels[$0] }
    return TrainingBatch(
      inputs: given,
      targets: Tensor(shape: [samples.count, tokens.first?.count ?? 0], tokens.flatMap { $0 }),
      indices: places, weight: tokens.reduce(0) { $0 + $1.count { $0 != TokenBatch.ignored } })
  }
}

/// Some of the samples.
private struct Part: TrainingSource {
  let source: ArraySource
  let samples: [Int]

  var count: Int { samples.count }

  func batch(_ indices: [Int], epoch: Int) throws -> TrainingBatch {
    try source.batch(indices.map { samples[$0] }, places: indices)
  }
}
