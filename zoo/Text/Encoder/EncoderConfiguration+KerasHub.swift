import Formats
import JSON
import Tensors

/// KerasHub's encoders.
extension EncoderConfiguration {
  /// - Parameters:
  ///   - head: nil for a table that tells what head there is; KerasHub's networks have none.
  ///   - padding: the token from which RoBERTa counts positions; KerasHub's table starts behind it.
  ///   - isProjected: whether the embeddings have a width of their own.
  ///   - pooler: whether there is one; nil where the table is to tell.
  static func kerasHubNames(
    _ kind: Kind, head: Head?, _ sizes: HeadSizes, padding: Int, isProjected: Bool, pooler: Bool?
  ) -> KerasHubTable? {
    guard head == nil, kind != .mpnet else { return nil }
    var table = KerasHubTable()
    addEmbeddings(to: &table, kind, padding: padding)
    if kind == .albert || kind == .electra && isProjected {
      let name = kind == .albert ? "embedding_projection" : "embeddings_projection"
      table.add(.dense("dense", name, "embeddings_project"))
    }
    let layer = kind == .albert ? "group_{i}_inner_layer_0" : "transformer_layer_{i}"
    table.addLayers(
      objects: "transformer_encoder", names: layer, ours: "encoder.layer.{i}", layerWeights(sizes))
    let pooled = kind == .albert || kind == .electra && isProjected ? "dense_1" : "dense"
    switch kind {
    case .bert, .albert: table.add(.dense(pooled, "pooled_dense", "pooler.dense"))
    case .electra where pooler == false:
      let size = sizes.hidden
      for (weight, shape) in zip(
        [KerasHubWeight].dense(pooled, "pooled_dense", ""), [[size, size], [size]] as [Shape])
      {
        table.add(
          onlyTheirs: weight, NameRule.StandIn(0, dataType: .float32, shape: shape))
      }
    case .electra: table.add(.dense(pooled, "pooled_dense", "pooler.dense"))
    case .roberta: table.add(onlyOurs: "pooler.dense.*")
    case .distilBERT, .mpnet: break
    }
    return table
  }

  private static func addEmbeddings(to table: inout KerasHubTable, _ kind: Kind, padding: Int) {
    let isWhole = kind == .distilBERT || kind == .roberta
    let object = isWhole ? "token_and_position_embedding." : ""
    let name =
      kind == .roberta ? "embeddings." : isWhole ? "token_and_position_embedding." : ""
    let words = isWhole ? "token_embedding" : "reversible_embedding"
    table.add(
      KerasHubWeight(
        "\(object)\(words).vars.0", "\(name)token_embedding.weight",
        "embeddings.word_embeddings.weight"))
    let places = "embeddings.position_embeddings.weight"
    let types = "embeddings.token_type_embeddings.weight"
    let isCounted = kind.countsFromPadding
    // All tokens are of one type in RoBERTa: KerasHub leaves it out
    table.add(
      KerasHubWeight(
        ["\(object)position_embedding.vars.0"], ["\(name)position_embedding.weight"],
        isCounted ? [places, types] : [places], isCounted ? [.leadingRows(padding + 1)] : []))
    if !isWhole {
      table.add(KerasHubWeight("embedding.vars.0", "segment_embedding.weight", types))
    }
    table.add(.norm("layer_normalization", "embeddings_layer_norm", "embeddings.LayerNorm"))
  }

  /// The weights of a layer, in Keras's order.
  private static func layerWeights(_ sizes: HeadSizes) -> [KerasHubWeight] {
    let (object, name) = ("_self_attention_layer", "self_attention_layer")
    var weights: [KerasHubWeight] = []
    for part in ["query", "key", "value"] {
      weights += .heads(
        "\(object).\(part)_dense", "\(name).\(part)", "attention.self.\(part)", sizes.inwards,
        bias: sizes.flat)
    }
    weights += .heads(
      "\(object).output_dense", "\(name).attention_output", "attention.output.dense",
      sizes.outwards, bias: [])
    weights += .norm(
      "_self_attention_layer_norm", "self_attention_layer_norm", "attention.output.LayerNorm")
    weights += .norm("_feedforward_layer_norm", "feedforward_layer_norm", "output.LayerNorm")
    let inner = "feedforward_intermediate_dense"
    weights += .dense("_\(inner)", inner, "intermediate.dense")
    return weights + .dense("_feedforward_output_dense", "feedforward_output_dense", "output.dense")
  }

  /// Whether weights in places that several of KerasHub's classes have are of this kind.
  func isKerasHubs(_ dialect: Dialect, config: JSONValue?) -> Bool {
    guard config?["model_type"] == nil else { return true }
    switch kind {
    case .bert: return embedding == hidden
    case .electra: return embedding != hidden
    case .roberta, .distilBERT:
      guard dialect == .kerasHubObjects else { return true }
      // DistilBERT has BERT's vocabularies, which are smaller, but for that of 104 languages
      let isDistilled = vocabulary < 40_000 || vocabulary == 119_547
      return isDistilled == (kind == .distilBERT)
    case .albert, .mpnet: return true
    }
  }

  /// What KerasHub's class has that no weight shows.
  mutating func adoptKerasHub(_ dialect: Dialect, heads: Int, config: JSONValue?) {
    if heads > 0, hidden % heads == 0 {
      if config != nil, heads != self.heads {
        contradictions.append(
          "its configuration says there are \(self.heads) heads, and the weights have \(heads)")
      }
      self.heads = heads
    }
    guard config == nil else { return }
    assumptions = []
    if kind != .distilBERT, kind != .roberta {
      activation = .geluTanh
    } else if dialect == .kerasHubObjects {
      assumptions = ["it is \(kind.rawValue) by its vocabulary: its objects are another's too"]
    }
    if kind == .albert {
      assumptions = ["\(layers) layers share the weights, as usual: nothing says how many"]
    }
  }

  /// Why KerasHub's class of the same name is another function; nil when it is the same.
  var kerasHubObstacle: String? {
    let wanted: Activation = kind == .distilBERT || kind == .roberta ? .gelu : .geluTanh
    if activation != wanted {
      let words = wanted == .gelu ? "exact" : "computed by tanh"
      return
        "the same name, another architecture: KerasHub's GELU is \(words), and this one's is not"
    }
    let usual = kind == .roberta ? 1e-5 : 1e-12
    if epsilon != usual { return "its epsilon is \(epsilon), and KerasHub's is \(usual)" }
    if kind == .bert || kind == .albert, !hasPooler {
      return "it has no pooler, and KerasHub's has"
    }
    if kind == .roberta, types != 1 {
      return "it has \(types) types of tokens, and KerasHub's has one"
    }
    return nil
  }
}
