import Formats
import JSON
import OrderedCollections
import Tensors

/// How KerasHub's kernels of attention show their heads: `(hidden, heads, size)`.
struct HeadSizes: Sendable, Hashable {
  var heads: Int
  var size: Int
  var hidden: Int

  init(heads: Int, size: Int, hidden: Int) {
    (self.heads, self.size, self.hidden) = (heads, size, hidden)
  }

  /// Zeros where no such kernel is.
  init(_ shapes: NamedShapes) {
    let kernel = shapes.first { $0.hasSuffix(".query.kernel") || $0.hasSuffix(".query_dense.0") }
    guard let kernel, kernel.rank == 3,
      kernel.allSatisfy({ (1...EncoderConfiguration.widest).contains($0) })
    else {
      self.init(heads: 0, size: 0, hidden: 0)
      return
    }
    self.init(heads: kernel[1], size: kernel[2], hidden: kernel[0])
  }
}

/// KerasHub's names: `transformer_layer_0/self_attention_layer/query/kernel (hidden, heads, size)`.
extension EncoderConfiguration {
  static func kerasHubNames(_ kind: Kind, head: Head?, _ sizes: HeadSizes) -> NameMap? {
    guard head == nil, [.bert, .distilBERT, .albert].contains(kind) else { return nil }
    let layer = kind == .albert ? "group_{i}_inner_layer_0" : "transformer_layer_{i}"
    let whole = kind == .distilBERT ? "token_and_position_embedding." : ""
    var rules: [NameRule] = []
    func rename(_ theirs: String, _ ours: String, _ steps: [TensorStep] = []) {
      rules.append(rule(theirs, ours, steps))
    }
    rename("\(whole)token_embedding.weight", "embeddings.word_embeddings.weight")
    rename("\(whole)position_embedding.weight", "embeddings.position_embeddings.weight")
    if kind != .distilBERT {
      rename("segment_embedding.weight", "embeddings.token_type_embeddings.weight")
    }
    rename("embeddings_layer_norm.*", "embeddings.LayerNorm.*")
    if kind == .albert { rename("embedding_projection.*", "embeddings_project.*") }
    rules += layerNames(layer, "encoder.layer.{i}", sizes)
    if kind != .distilBERT { rename("pooled_dense.*", "pooler.dense.*") }
    // The first of several objects of one class has no number
    for (theirs, ours) in [
      ("transformer_encoder", "encoder.layer.0"), ("transformer_encoder_{i}", "encoder.layer.{i}"),
    ] {
      rules += objectNames(theirs, ours, sizes)
    }
    for (name, table) in [("token_embedding", "word"), ("position_embedding", "position")] {
      var old = rule("\(whole)\(name).0", "embeddings.\(table)_embeddings.weight")
      old.isFormer = true
      rules.append(old)
    }
    return NameMap(rules)
  }

  private static func rule(
    _ theirs: String, _ ours: String, _ steps: [TensorStep] = []
  ) -> NameRule {
    var rule = NameRule.rename(NamePattern(theirs), NamePattern(ours))
    rule.steps = steps
    return rule
  }

  /// The weights of a layer, in Keras's order.
  private static func layerNames(
    _ layer: String, _ ours: String, _ sizes: HeadSizes
  ) -> [NameRule] {
    let attention = "\(layer).self_attention_layer"
    var rules = ["query", "key", "value"].flatMap { part in
      [
        rule(
          "\(attention).\(part).kernel", "\(ours).attention.self.\(part).weight", sizes.inwards),
        rule("\(attention).\(part).bias", "\(ours).attention.self.\(part).bias", sizes.flat),
      ]
    }
    rules += [
      rule(
        "\(attention).attention_output.kernel", "\(ours).attention.output.dense.weight",
        sizes.outwards),
      rule("\(attention).attention_output.bias", "\(ours).attention.output.dense.bias"),
      rule("\(layer).self_attention_layer_norm.*", "\(ours).attention.output.LayerNorm.*"),
      rule("\(layer).feedforward_layer_norm.*", "\(ours).output.LayerNorm.*"),
      rule("\(layer).feedforward_intermediate_dense.*", "\(ours).intermediate.dense.*"),
      rule("\(layer).feedforward_output_dense.*", "\(ours).output.dense.*"),
    ]
    return rules
  }

  /// The same in `.weights.h5` and `.keras`, where variables have numbers; read, not written.
  private static func objectNames(
    _ layer: String, _ ours: String, _ sizes: HeadSizes
  ) -> [NameRule] {
    let turn: [TensorStep] = [.permute([1, 0])]
    let parts: [(String, String, [TensorStep], [TensorStep])] = [
      ("_self_attention_layer.query_dense", "attention.self.query", sizes.inwards, sizes.flat),
      ("_self_attention_layer.key_dense", "attention.self.key", sizes.inwards, sizes.flat),
      ("_self_attention_layer.value_dense", "attention.self.value", sizes.inwards, sizes.flat),
      ("_self_attention_layer.output_dense", "attention.output.dense", sizes.outwards, []),
      ("_self_attention_layer_norm", "attention.output.LayerNorm", [], []),
      ("_feedforward_layer_norm", "output.LayerNorm", [], []),
      ("_feedforward_intermediate_dense", "intermediate.dense", turn, []),
      ("_feedforward_output_dense", "output.dense", turn, []),
    ]
    return parts.flatMap { theirs, name, weight, bias in
      [("0", "weight", weight), ("1", "bias", bias)].map { number, leaf, steps in
        var old = rule("\(layer).\(theirs).\(number)", "\(ours).\(name).\(leaf)", steps)
        old.isFormer = true
        return old
      }
    }
  }

  /// What KerasHub's class has that no weight shows.
  mutating func adoptKerasHub(heads: Int, config: JSONValue?) {
    guard config == nil else { return }
    assumptions = []
    if heads > 0, hidden % heads == 0 { self.heads = heads }
    if kind != .distilBERT { activation = .geluTanh }
    if kind == .albert {
      assumptions = ["\(layers) layers share the weights, as usual: nothing says how many"]
    }
  }

  /// Why KerasHub's class of the same name is another function; nil when it is the same.
  var kerasHubObstacle: String? {
    let wanted: Activation = kind == .distilBERT ? .gelu : .geluTanh
    if activation != wanted {
      let words = wanted == .gelu ? "exact" : "computed by tanh"
      return
        "the same name, another architecture: KerasHub's GELU is \(words), and this one's is not"
    }
    if epsilon != 1e-12 { return "its epsilon is \(epsilon), and KerasHub's is 1e-12" }
    if kind != .distilBERT, !hasPooler { return "it has no pooler, and KerasHub's has" }
    return nil
  }
}

extension HeadSizes {
  /// `(hidden, heads, size)` to `[heads · size, hidden]`.
  var inwards: [TensorStep] {
    [.reshape(from: [hidden, heads, size], to: [hidden, heads * size]), .permute([1, 0])]
  }

  /// `(heads, size, hidden)` to `[hidden, heads · size]`.
  var outwards: [TensorStep] {
    [.reshape(from: [heads, size, hidden], to: [heads * size, hidden]), .permute([1, 0])]
  }

  /// `(heads, size)` to `[heads · size]`.
  var flat: [TensorStep] { [.reshape(from: [heads, size], to: [heads * size])] }
}
