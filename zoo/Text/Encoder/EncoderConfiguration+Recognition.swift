import Formats
import JSON
import OrderedCollections
import Tensors

/// What weights under canonical names, and a configuration beside them, show.
extension EncoderConfiguration {
  /// Nil when the weights are no encoder's.
  ///
  /// - Parameter config: transformers' configuration; nil when there is none.
  init?(_ kind: Kind, canonical shapes: NamedShapes, config: JSONValue?) {
    guard let words = shapes["embeddings.word_embeddings.weight"], words.rank == 2,
      let places = shapes["embeddings.position_embeddings.weight"], places.rank == 2,
      let wide = shapes.first(where: { $0.hasSuffix(".intermediate.dense.weight") }),
      wide.rank == 2, [words[0], words[1], places[0], wide[0], wide[1]].allSatisfy({ $0 > 0 })
    else { return nil }
    // Layers are counted, not looked for one by one, so that one tensor that is missing is one that is missing.
    let pattern: NamePattern = "encoder.layer.{i}.*"
    let own = Set(shapes.shapes.keys.compactMap { pattern.match($0)?.numbers["i"] }).count
    guard (1...Self.mostLayers).contains(own) else { return nil }
    var types = 0
    if let table = shapes["embeddings.token_type_embeddings.weight"] {
      guard table.rank == 2, table[0] > 0 else { return nil }
      types = table[0]
    }
    self.init(
      kind, vocabulary: words[0], hidden: wide[1], layers: own, heads: 1, intermediate: wide[0],
      positions: places[0], types: types, embedding: words[1], ownLayers: own,
      hasPooler: shapes["pooler.dense.weight"] != nil)
    if let table = shapes["encoder.relative_attention_bias.weight"], table.rank == 2 {
      buckets = table[0]
      shownHeads = table[1]
    }
    hasOwnDecoder = shapes["mlm.decoder.weight"] != nil
    head = Self.head(kind, shapes, hasPooler: hasPooler, config)
    read(config)
  }

  private static func head(
    _ kind: Kind, _ shapes: NamedShapes, hasPooler: Bool, _ config: JSONValue?
  ) -> Head? {
    func classes(_ name: String) -> Int? {
      guard let shape = shapes["\(name).weight"], shape.rank == 2, shape[0] > 0 else { return nil }
      return shape[0]
    }
    let architecture = config?["architectures"]?[0]?.string ?? ""
    if shapes["discriminator.out.weight"] != nil { return .replacedTokens }
    if shapes["mlm.dense.weight"] != nil {
      let isAlone = shapes["nsp.weight"] == nil || architecture.hasSuffix("ForMaskedLM")
      return isAlone ? .maskedTokens : .pretraining
    }
    if shapes["answers.weight"] != nil { return .answers }
    if let count = classes("tokens") { return .tokens(count) }
    guard let count = classes("classifier.out") else { return nil }
    // One layer on each token, or on the pooler's vector: only the pooler tells, where nothing else does
    if kind.classifiesInTwoLayers || architecture.hasSuffix("ForSequenceClassification") {
      return .text(count)
    }
    let isTokens = architecture.hasSuffix("ForTokenClassification") || !hasPooler
    return isTokens ? .tokens(count) : .text(count)
  }

  /// What the weights do not show: from the configuration, or else as usual.
  private mutating func read(_ config: JSONValue?) {
    let keys = TransformersKeys(kind)
    guard let config else {
      assumeTheUsual()
      return
    }
    if let type = config["model_type"]?.string {
      if kind.modelTypes.contains(type) {
        modelType = type
      } else {
        contradictions.append("its configuration says it is '\(type)'")
      }
    }
    if let said = config[keys.layers]?.integer {
      if kind == .albert {
        layers = min(max(said, 0), Self.mostLayers)
        if layers < ownLayers {
          contradictions.append("'\(keys.layers)' is \(said), and the weights have \(ownLayers)")
        }
      } else {
        compare(keys.layers, said, layers)
      }
    } else if kind == .albert {
      layers = 12
      assumptions.append("12 layers share the weights, as usual: nothing says how many")
    }
    let sizes = [
      (keys.hidden, hidden), (keys.intermediate, intermediate), ("vocab_size", vocabulary),
      ("max_position_embeddings", positions), ("embedding_size", embedding),
      ("relative_attention_num_buckets", buckets), ("num_hidden_groups", ownLayers),
    ]
    for (key, value) in sizes {
      if key == "embedding_size" && kind != .albert && kind != .electra { continue }
      if key == "num_hidden_groups" && kind != .albert { continue }
      if key == "relative_attention_num_buckets" && kind != .mpnet { continue }
      if let said = config[key]?.integer { compare(key, said, value) }
    }
    if types > 0, let said = config["type_vocab_size"]?.integer {
      compare("type_vocab_size", said, types)
    }
    readHeads(config[keys.heads]?.integer, key: keys.heads)
    if let name = config[keys.activation]?.string {
      if let known = Activation(transformers: name) {
        activation = known
      } else {
        contradictions.append("its activation '\(name)' is not known here")
      }
    }
    if let said = config["layer_norm_eps"]?.double { epsilon = said }
    if let said = config["pad_token_id"]?.integer, kind.countsFromPadding {
      if (0..<min(vocabulary, positions)).contains(said) {
        padding = said
      } else {
        contradictions.append("its configuration says 'pad_token_id' is \(said), which is no token")
      }
    }
    problemType = config["problem_type"]?.string
    if let said = config["position_embedding_type"]?.string, said != "absolute" {
      contradictions.append("its positions are '\(said)', which is not known here")
    }
    if config["is_decoder"]?.bool == true {
      contradictions.append("its configuration says that it is a decoder")
    }
  }

  private mutating func compare(_ key: String, _ said: Int, _ value: Int) {
    guard said != value else { return }
    contradictions.append(
      "its configuration says '\(key)' is \(said), and the weights have \(value)")
  }

  private mutating func readHeads(_ said: Int?, key: String) {
    if let shownHeads {
      heads = max(shownHeads, 1)
      if let said { compare(key, said, heads) }
      return
    }
    guard let said else {
      assumeHeads()
      return
    }
    guard said > 0, hidden % said == 0 else {
      contradictions.append(
        "its configuration says '\(key)' is \(said), which does not divide \(hidden)")
      return
    }
    heads = said
  }

  private mutating func assumeTheUsual() {
    if kind == .albert { layers = 12 }
    let shared = kind == .albert ? "12 layers share the weights, " : ""
    readHeads(nil, key: "")
    assumptions.append(
      "\(shared)epsilon \(epsilon) and \(activation.rawValue) are assumed, as usual: there is no config.json"
    )
  }

  /// A member that has a name has its heads; any other has heads of 64.
  private mutating func assumeHeads() {
    if let (name, known) = named {
      heads = known.heads
      assumptions.append("\(heads) heads are assumed, as \(name) has: nothing says how many")
      return
    }
    let size = [64, 32, 16, 8, 4, 2, 1].first { hidden % $0 == 0 } ?? 1
    heads = hidden / size
    assumptions.append("\(heads) heads of \(size) are assumed: nothing says how many")
  }
}

/// What transformers' configurations call the sizes.
struct TransformersKeys {
  var hidden = "hidden_size"
  var layers = "num_hidden_layers"
  var heads = "num_attention_heads"
  var intermediate = "intermediate_size"
  var activation = "hidden_act"

  init(_ kind: EncoderConfiguration.Kind) {
    guard kind == .distilBERT else { return }
    (hidden, layers, heads) = ("dim", "n_layers", "n_heads")
    (intermediate, activation) = ("hidden_dim", "activation")
  }
}

extension Sidecars {
  /// transformers' configuration: from the directory or from beside the file, or else from our own description in it.
  var modelConfiguration: JSONValue? {
    if self["config.json"]?.object != nil { return configurationInTransformersWords }
    return self[Checkpoint.descriptionName]?["config"]
  }
}
