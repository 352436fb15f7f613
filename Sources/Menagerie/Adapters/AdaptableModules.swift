import BinaryIO
import Formats
import ModelGraph
import OrderedCollections
import Tensors
import Training
import Zoo

/// The modules of a model that an adapter can stand beside, as the library calls them for which adapters are written.
///
/// A checkpoint of a PyTorch library has its own names; what comes from elsewhere (GGUF, Keras) has those of transformers, so
/// that an adapter learnt on a GGUF file fits the model on the Hub.
struct AdaptableModules: Sendable {
  struct Module: Sendable, Hashable {
    let name: String
    /// What it was called in the library's earlier versions, as its weights on disk still are.
    let formerName: String
    let parts: [LowRankAdapter.Part]
    /// Whether the library stores the weight as `[inputs, outputs]`.
    let isTransposed: Bool
    var isConvolution: Bool { parts.contains { $0.layer.isConvolution } }
  }

  /// In the model's order.
  let modules: OrderedDictionary<String, Module>
  /// Names of all modules that have weights, and of those that they are in.
  let allNames: Set<String>
  private let map: NameMap
  private let omitted: String
  /// The graph's, by name.
  private let parameters: [String: TensorType]

  /// - Parameter dialect: whose names; nil for the usual.
  init(of model: Model, in dialect: Dialect? = nil) throws {
    let graph = try model.graph()
    var renaming = ModuleRenaming.none
    parameters = Dictionary(
      graph.parameters.map { (graph[$0].name, graph[$0].type) }, uniquingKeysWith: { a, _ in a })
    if let zooModel = model.zooModel, model.checkpoint.graph == nil {
      let configuration = zooModel.configuration
      let wanted = dialect ?? AdaptableModules.usualDialect(of: zooModel)
      guard let found = configuration.nameMap(for: wanted) else {
        throw DataError(.unsupported, "the dialect \(wanted) has no \(configuration.family)")
      }
      map = found
      renaming = configuration.moduleRenaming(in: wanted)
      omitted = zooModel.recognition.omittedPrefix(in: wanted)
    } else {
      map = .identity
      omitted = ""
    }
    let toLibrary = map.inverted
    let layers = graph.adaptableLayers
    let known = Dictionary(layers.map { ($0.parameter, $0) }, uniquingKeysWith: { a, _ in a })
    var modules: OrderedDictionary<String, Module> = [:]
    for layer in layers {
      guard let relation = toLibrary.relation(of: layer.parameter), relation.ours.count == 1,
        !relation.isSum,
        let formerName = AdaptableModules.module(relation.ours[0], without: omitted),
        case let name = renaming.current(formerName),
        let isTransposed = AdaptableModules.isTransposed(relation.steps, layer),
        relation.theirs.count == 1 || relation.axis == 0, modules[name] == nil
      else { continue }
      var (parts, start): ([LowRankAdapter.Part], Int) = ([], 0)
      for part in relation.theirs.compactMap({ known[$0] }) {
        parts.append(.init(part, rows: start..<(start + part.shape[0])))
        start += part.shape[0]
      }
      guard parts.count == relation.theirs.count else { continue }
      modules[name] = Module(
        name: name, formerName: formerName, parts: parts, isTransposed: isTransposed)
    }
    self.modules = modules
    var names: Set<String> = []
    for weight in model.weights {
      for name in toLibrary.names(for: weight.entry.name) ?? [] {
        var parts = AdaptableModules.plain(name, without: omitted).split(separator: ".").dropLast()
        names.insert(renaming.current(parts.joined(separator: ".")))
        parts = parts.dropLast()
        while !parts.isEmpty {
          names.insert(parts.joined(separator: "."))
          parts = parts.dropLast()
        }
      }
    }
    allNames = names
  }

  /// Whose names adapters of a model have.
  private static func usualDialect(of model: ZooModel) -> Dialect {
    let own: [Dialect] = [.huggingFace, .torchvision, .timm, .openAI]
    let hasOther = model.configuration.nameMap(for: .huggingFace) != nil
    return own.contains(model.dialect) || !hasOther ? model.dialect : .huggingFace
  }

  private static func plain(_ name: String, without omitted: String) -> String {
    name.hasPrefix(omitted) ? String(name.dropFirst(omitted.count)) : name
  }

  /// The module whose weight has that name.
  private static func module(_ weight: String, without omitted: String) -> String? {
    guard weight.hasSuffix(".weight") else { return nil }
    return plain(String(weight.dropLast(".weight".count)), without: omitted)
  }

  /// Whether the library stores the weight the other way round; nil where it changes it in another way.
  private static func isTransposed(_ steps: [TensorStep], _ layer: AdaptableLayer) -> Bool? {
    if steps.isEmpty { return layer.isTransposed }
    return steps == [.permute([1, 0])] && layer.shape.rank == 2 ? !layer.isTransposed : nil
  }
}

extension AdaptableModules {
  /// The module of that name, or the one that ends so: a base model may stand in another one.
  func module(named name: String) -> Module? {
    if let module = modules[name] { return module }
    let alike = modules.values.filter { module in
      [module.name, module.formerName].contains {
        $0 == name || $0.hasSuffix(".\(name)") || name.hasSuffix(".\($0)")
      }
    }
    return alike.count == 1 ? alike[0] : nil
  }

  /// Whole weights under the library's names as the graph has them.
  /// - Throws: `.mismatch` for a name that the model does not have, or another shape.
  func weights(_ entries: [TensorEntry]) throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    let renamed = entries.map { entry in
      let whole = omitted + entry.name
      return NormalisedTensor(map.names(for: whole) == nil ? entry : entry.renamed(whole))
    }
    let account = try map.apply(to: renamed)
    func stranger(_ name: String) -> DataError {
      DataError(.mismatch, "the model has no such weight", subject: "tensor '\(name)'")
    }
    if let name = account.unknown.first ?? account.missing.first { throw stranger(name) }
    for tensor in account.tensors {
      let (name, entry) = (tensor.entry.name, tensor.entry)
      // What no file has is the model's own
      guard let source = tensor.sources.first else { continue }
      guard let type = parameters[name] else { throw stranger(source) }
      guard type.shape == entry.shape else {
        throw DataError(
          .mismatch, "gives \(entry.shape)", expected: "\(type) for '\(name)'",
          subject: "tensor '\(source)'")
      }
      result[name] = try entry.load()
    }
    return result
  }

  /// Weights of the graph under the library's names, and as it stores them.
  func named(_ weights: [(String, Tensor)]) throws -> [TensorEntry] {
    try map.inverted.apply(
      to: weights.map { NormalisedTensor(TensorEntry(name: $0, $1)) }
    ).tensors.map {
      $0.entry.renamed(AdaptableModules.plain($0.entry.name, without: omitted))
    }
  }

  /// Names of the modules that weights of the graph are in.
  func modules(of weights: OrderedDictionary<String, Tensor>) throws -> [String] {
    let names = try named(weights.map { ($0.key, $0.value) }).map { entry in
      String(entry.name[..<(entry.name.lastIndex(of: ".") ?? entry.name.endIndex)])
    }
    return Array(OrderedSet(names))
  }

  /// Names that say exactly these modules: their last parts, as people write them, where no other module has them.
  func targets(_ names: [String]) -> [String] {
    func last(_ name: String) -> String { name.split(separator: ".").last.map(String.init) ?? name }
    let wanted = Set(names)
    let others = Set(allNames.subtracting(wanted).map(last))
    let short = Set(names.map(last))
    return short.isDisjoint(with: others) ? short.sorted() : names
  }
}
