import BinaryIO
import Formats
import HuggingFaceConverter
import ModelGraph
import OrderedCollections
import Tensors
import Training
import Zoo

/// Where learning by adapters begins: new ones, or those of a directory.
struct LowRankStart: Sendable {
  let adapters: [LowRankAdapter]
  /// Those of modules that nothing which is learnt follows from: they stay as they are.
  let idle: [LowRankAdapter]
  /// What all of them are made of, by their names.
  let tensors: [String: Tensor]
  /// Weights that learn whole, by the graph's names: the last layer, or what the directory has whole.
  let whole: OrderedDictionary<String, Tensor>
  let configuration: PEFTConfiguration
  let modules: AdaptableModules

  init(_ task: any LearningTask, _ options: FineTuningOptions) throws {
    let model = task.model
    let table = WeightTable(model.weights)
    let graph = try model.graph()
    func head() throws -> OrderedDictionary<String, Tensor> {
      var whole: OrderedDictionary<String, Tensor> = [:]
      for id in graph.parameters where task.head.contains(graph[id].name) {
        whole[graph[id].name] = try table.tensor(graph[id].name)
      }
      return whole
    }
    if let path = options.adapter {
      let found = try namingFile(path) {
        var file = try PEFTAdapter(contentsOf: path)
        file.configuration.dropout = options.adapterDropout ?? file.configuration.dropout
        return try ModelAdapter(file, for: model)
      }
      var whole = try task.isHeadNew ? head() : [:]
      for name in graph.parameters.map({ graph[$0].name }) where whole[name] == nil {
        whole[name] = found.replaced[name]
      }
      let live = graph.judgedPart.parameterNames
      func isLive(_ adapter: LowRankAdapter) -> Bool {
        adapter.parts.allSatisfy { live.contains($0.layer.parameter) }
      }
      adapters = found.adapters.filter(isLive)
      idle = found.adapters.filter { !isLive($0) }
      tensors = found.tensors
      self.whole = whole
      modules = found.modules
      // A pattern, or what it leaves out, would say other modules once the file is written again
      var configuration = found.file.configuration
      configuration.targets = modules.targets(found.adapters.map(\.module))
      configuration.saved += try modules.modules(of: whole).filter { name in
        !configuration.saved.contains { ".\(name).".contains(".\($0).") }
      }
      self.configuration = configuration
      return
    }
    let settings = options.lowRank
    let modules = try AdaptableModules(of: model)
    let chosen = try namingFile(model.path) {
      try modules.chosen(
        options.targetModules, without: task.head, among: graph.judgedPart.parameterNames)
    }
    // Words are told apart by what the model has: only a layer of classes begins from nothing
    whole = try task.classes.isEmpty && !task.isHeadNew ? [:] : head()
    adapters = try chosen.map { try LowRankAdapter(module: $0.name, parts: $0.parts, settings) }
    idle = []
    tensors = try adapters.reduce(into: [:]) { tensors, adapter in
      let own = try adapter.initialTensors(
        seed: options.seed, weights: { try table.tensor($0) })
      for (name, tensor) in own { tensors[name] = tensor }
    }
    self.modules = modules
    configuration = try PEFTConfiguration(
      rank: settings.rank, alpha: settings.alpha, dropout: settings.dropout,
      isRankStabilised: settings.isRankStabilised,
      isWeightDecomposed: settings.isWeightDecomposed,
      isTransposed: chosen.contains(where: \.isTransposed),
      targets: modules.targets(chosen.map(\.name)), saved: modules.modules(of: whole),
      base: model.path, task: model.zooModel?.configuration.task.nameInPEFT)
  }
}

extension Graph {
  fileprivate var parameterNames: Set<String> { Set(parameters.map { self[$0].name }) }
}

extension ModelTask {
  /// `peft`'s word for it.
  fileprivate var nameInPEFT: String? {
    switch self {
    case .textGeneration: "CAUSAL_LM"
    case .textToText: "SEQ_2_SEQ_LM"
    case .textClassification: "SEQ_CLS"
    case .tokenClassification: "TOKEN_CLS"
    case .questionAnswering: "QUESTION_ANS"
    case .textFeatures: "FEATURE_EXTRACTION"
    default: nil
    }
  }
}
