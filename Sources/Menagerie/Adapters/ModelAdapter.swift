import BinaryIO
import Formats
import HuggingFaceConverter
import JSON
import OrderedCollections
import Tensors
import Training
import Zoo

/// Adapters from a directory of `peft`'s, in terms of a model's graph.
struct ModelAdapter: Sendable {
  let file: PEFTAdapter
  let adapters: [LowRankAdapter]
  /// What they are made of, by their names.
  let tensors: [String: Tensor]
  /// Weights of the model that the file has whole, by the graph's names.
  let replaced: [String: Tensor]
  let modules: AdaptableModules

  /// - Throws: `.mismatch` when it is for another model, with the first thing that does not fit.
  init(_ file: PEFTAdapter, for model: Model) throws {
    let modules = try AdaptableModules(of: model)
    self.file = file
    self.modules = modules
    let configuration = file.configuration
    let base = configuration.base.map { "; it was made for '\($0)'" } ?? ""
    var tensors: [String: Tensor] = [:]
    var adapters: [LowRankAdapter] = []
    var names: [String: String] = [:]
    var rest = file.tensors
    for (name, entry) in file.tensors where name.hasSuffix(".lora_A.weight") {
      let named = String(name.dropLast(".lora_A.weight".count))
      guard let module = modules.module(named: named) else {
        throw DataError(
          .mismatch, "the adapter is for the module '\(named)', which \(model.name) has not\(base)",
          expected: modules.modules.keys.first.map { "modules such as '\($0)'" })
      }
      guard names.updateValue(name, forKey: module.name) == nil else {
        throw DataError(
          .mismatch, "is a second adapter for the module '\(module.name)'",
          subject: "tensor '\(name)'")
      }
      let (rank, alpha) = configuration.settings(of: named)
      let settings = LowRankSettings(
        rank: rank, alpha: alpha, dropout: configuration.dropout,
        isRankStabilised: configuration.isRankStabilised,
        isWeightDecomposed: configuration.isWeightDecomposed)
      let adapter = try LowRankAdapter(module: module.name, parts: module.parts, settings)
      guard entry.shape.first == rank else {
        throw DataError(
          .mismatch, "is of rank \(entry.shape.first ?? 0), not \(rank) as its configuration says",
          subject: "tensor '\(name)'")
      }
      for (own, shape) in adapter.shapes {
        let theirs = named + own.dropFirst(module.name.count)
        guard let entry = rest.removeValue(forKey: theirs) else {
          throw DataError(.mismatch, "is missing", subject: "tensor '\(theirs)'")
        }
        guard entry.shape == shape else {
          throw DataError(
            .mismatch, "is \(entry.shape), where \(model.name) needs \(shape)\(base)",
            subject: "tensor '\(theirs)'")
        }
        tensors[own] = try entry.load().cast(to: .float32)
      }
      adapters.append(adapter)
    }
    guard !adapters.isEmpty else {
      throw DataError(.mismatch, "the adapter has no 'lora_A' at all")
    }
    if let stray = rest.keys.first(where: { $0.contains(".lora_") }) {
      throw DataError(.unsupported, "belongs to no linear layer", subject: "tensor '\(stray)'")
    }
    self.adapters = adapters
    self.tensors = tensors
    replaced = try modules.weights(Array(rest.values))
  }

  /// The graph's weights with the adapters' work in them.
  func merged(weights: (String) throws -> Tensor) throws -> [String: Tensor] {
    var result = replaced
    for adapter in adapters {
      let own = try adapter.merged(tensors: { tensors[$0] }, weights: weights)
      result.merge(own) { $1 }
    }
    return result
  }
}

extension Model {
  /// For a sentence about it.
  var name: String { recognition?.variant ?? "the model" }

  /// The same model with an adapter's work in its weights: a directory as `peft` keeps it.
  ///
  /// Weights keep their types; those that are quantised become float32.
  /// - Throws: `.mismatch` when the adapter is for another model, with what does not fit.
  public func mergingAdapter(at path: String) throws -> Model {
    try namingFile(path) {
      let file = try PEFTAdapter(contentsOf: path)
      let model = try withHead(of: file)
      let adapter = try ModelAdapter(file, for: model)
      let table = WeightTable(model.weights)
      return try model.withWeights(adapter.merged { try table.tensor($0) })
    }
  }

  /// The model with the head that an adapter was learnt with, where it says so; the adapter has its weights.
  func withHead(of file: PEFTAdapter) throws -> Model {
    let description = file.sidecars[Checkpoint.descriptionName]
    var labels = description?["labels"]?.array?.compactMap(\.string) ?? []
    guard let word = description?[ProblemType.key]?.string else {
      return labels.isEmpty ? self : try withClasses(labels, seed: 0).model
    }
    guard let problem = ProblemType(rawValue: word) else {
      throw DataError(.unsupported, "an adapter for a '\(word)'")
    }
    if problem == .number { labels = RegressTask.labels }
    guard !labels.isEmpty else {
      throw DataError(.malformed, "an adapter for classes that it does not name")
    }
    guard TextInput.isTaken(by: self) else {
      return try withClasses(labels, problem, seed: 0).model
    }
    return try classifyingTexts(labels, problem, padding: fillingID(), seed: 0).model
  }
}
