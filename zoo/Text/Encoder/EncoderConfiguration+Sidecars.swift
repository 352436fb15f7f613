import Formats
import Images
import JSON
import OrderedCollections

extension EncoderConfiguration: ModelConfiguration {
  public var family: String { kind.rawValue }

  /// The name under which it was published, or its sizes.
  public var variant: String {
    if let named { return named.name }
    return "\(kind.rawValue) (\(layers) layers, \(hidden) wide, \(heads) heads)"
  }

  /// The published member that has these sizes.
  var named: (name: String, configuration: EncoderConfiguration)? {
    Self.named.first { _, other in
      other.kind == kind && other.vocabulary == vocabulary && other.hidden == hidden
        && other.layers == layers && other.intermediate == intermediate
        && other.embedding == embedding && other.positions == positions
        && (heads == 1 || heads == other.heads)
    }
  }

  public var task: ModelTask { Self.task(of: head) }

  static func task(of head: Head?) -> ModelTask {
    switch head {
    case nil: .textFeatures
    case .maskedTokens: .maskedLanguageModel
    case .pretraining, .replacedTokens: .pretraining
    case .text: .textClassification
    case .tokens: .tokenClassification
    case .answers: .questionAnswering
    }
  }

  public var classes: Int? { Self.classes(of: head) }

  static func classes(of head: Head?) -> Int? {
    switch head {
    case .text(let count), .tokens(let count): count
    default: nil
    }
  }

  public func adapted(to dialect: Dialect) -> Adaptation {
    guard nameMap(for: dialect) != nil else {
      return .impossible(
        "\(dialect) has no \(kind.rawValue)\(head == nil ? "" : " with such a head")")
    }
    if dialect.isKerasHub, let reason = kerasHubObstacle { return .impossible(reason) }
    var target = self
    target.interface = EncoderInterface(dialect)
    if kind == .electra, dialect == .huggingFace { target.hasPooler = false }
    if kind == .roberta, dialect.isKerasHub { target.hasPooler = false }
    return .possible(target)
  }

  public var hiddenFacts: JSONValue? { .object(transformersConfiguration(labels: nil)) }

  public func sidecars(
    for dialect: Dialect, labels: [String]?, preprocessing: Preprocessing?
  ) -> Sidecars {
    if dialect == .kerasHubObjects {
      return kerasHubClass.map { ["config.json": $0.description] } ?? [:]
    }
    guard dialect == .huggingFace || dialect == .gguf else { return [:] }
    return ["config.json": .object(transformersConfiguration(labels: labels))]
  }

  /// `config.json` as transformers would write the parts of it that matter.
  func transformersConfiguration(labels: [String]?) -> Sidecars {
    let keys = TransformersKeys(kind)
    var config: Sidecars = [
      "architectures": [.string(architecture)],
      "model_type": .string(modelType),
      "vocab_size": .integer(vocabulary),
      keys.hidden: .integer(hidden),
      keys.layers: .integer(layers),
      keys.heads: .integer(heads),
      keys.intermediate: .integer(intermediate),
      keys.activation: .string(activation.rawValue),
      "max_position_embeddings": .integer(positions),
    ]
    if kind != .distilBERT { config["layer_norm_eps"] = .number(epsilon) }
    if types > 0 { config["type_vocab_size"] = .integer(types) }
    if kind == .electra || kind == .albert { config["embedding_size"] = .integer(embedding) }
    if kind == .albert {
      config["num_hidden_groups"] = .integer(ownLayers)
      config["inner_group_num"] = 1
    }
    if kind == .mpnet { config["relative_attention_num_buckets"] = .integer(buckets) }
    if kind.countsFromPadding { config["pad_token_id"] = .integer(padding) }
    if hasOwnDecoder { config["tie_word_embeddings"] = false }
    if let problemType { config["problem_type"] = .string(problemType) }
    if classes != nil { config.addLabels(labels, classes: classes) }
    return config
  }

  /// The class of transformers that it is.
  var architecture: String {
    let prefix =
      switch modelType {
      case "roberta": "Roberta"
      case "xlm-roberta": "XLMRoberta"
      case "camembert": "Camembert"
      case "distilbert": "DistilBert"
      case "mpnet": "MPNet"
      case "electra": "Electra"
      case "albert": "Albert"
      default: "Bert"
      }
    return prefix + Self.suffix(of: head)
  }

  /// What transformers' classes are called after the model's name.
  static func suffix(of head: Head?) -> String {
    switch head {
    case nil: "Model"
    case .maskedTokens: "ForMaskedLM"
    case .pretraining, .replacedTokens: "ForPreTraining"
    case .text: "ForSequenceClassification"
    case .tokens: "ForTokenClassification"
    case .answers: "ForQuestionAnswering"
    }
  }
}
