import Formats
import JSON
import OrderedCollections
import Tensors

/// What stands on a decoder.
public enum DecoderHead: Sendable, Hashable {
  /// Logits of the next token.
  case nextToken
  /// Logits of a text's classes, from its last token.
  case text(TextHead)
  /// Logits of each token's classes.
  case tokens(TokenHead)
  /// Where an answer starts and where it ends.
  case answers

  /// A head that says what kind of text it was.
  public struct TextHead: Sendable, Hashable {
    public var classes: Int
    /// The token that fills texts up; without one the mask alone says where they end.
    public var padding: Int?
    /// As transformers calls it: whether several classes may hold at once.
    public var problemType: String?
  }

  /// A head that says of each token what it is.
  public struct TokenHead: Sendable, Hashable {
    public var classes: Int
    /// What transformers calls its layer: `score`, and `classifier` in GPT-2.
    public var name: String
    public var hasBias: Bool
  }

  /// The layer that says where answers are, as transformers calls it.
  static let answersLayer = "qa_outputs"
}

extension DecoderHead {
  /// What the weights under canonical names have, and a `config.json` of transformers says; nil for none.
  init?(canonical shapes: NamedShapes, config: JSONValue?, isTied: Bool) {
    let isForTokens = config?["architectures"]?.array?.first?.string?
      .hasSuffix("ForTokenClassification")
    for name in ["score", "classifier"] {
      guard let weight = shapes["\(name).weight"], weight.rank == 2 else { continue }
      // A text's classes have no bias
      let hasBias = shapes["\(name).bias"] != nil
      guard isForTokens ?? hasBias else { continue }
      self = .tokens(TokenHead(classes: weight[0], name: name, hasBias: hasBias))
      return
    }
    if shapes["\(Self.answersLayer).weight"] != nil {
      self = .answers
    } else if let score = shapes["score.weight"], score.rank == 2 {
      self = .text(
        TextHead(
          classes: score[0], padding: config?["pad_token_id"]?.integer,
          problemType: config?["problem_type"]?.string))
    } else if isTied || shapes["lm_head.weight"] != nil, config?.isBackbone != true {
      self = .nextToken
    } else {
      return nil
    }
  }

  /// What a model with such a head is for.
  static func task(of head: DecoderHead?) -> ModelTask {
    switch head {
    case nil: .textFeatures
    case .nextToken: .textGeneration
    case .text: .textClassification
    case .tokens: .tokenClassification
    case .answers: .questionAnswering
    }
  }

  /// Whether libraries but transformers have it.
  static func isCommon(_ head: DecoderHead?) -> Bool { head == nil || head == .nextToken }

  /// The names of its tensors, in PyTorch's order.
  static func stateNames(of head: DecoderHead?, isTied: Bool) -> [String] {
    switch head {
    case nil: []
    case .nextToken: isTied ? [] : ["lm_head.weight"]
    case .text: ["score.weight"]
    case .tokens(let head): ["\(head.name).weight"] + (head.hasBias ? ["\(head.name).bias"] : [])
    case .answers: ["\(answersLayer).weight", "\(answersLayer).bias"]
    }
  }

  static func classes(of head: DecoderHead?) -> Int? {
    switch head {
    case .text(let text): text.classes
    case .tokens(let tokens): tokens.classes
    case nil, .nextToken, .answers: nil
    }
  }

  /// What transformers' classes are called after the model's name.
  static func suffix(of head: DecoderHead?, nextToken: String = "ForCausalLM") -> String {
    switch head {
    case nil: "Model"
    case .nextToken: nextToken
    case .text: "ForSequenceClassification"
    case .tokens: "ForTokenClassification"
    case .answers: "ForQuestionAnswering"
    }
  }

  /// What a `config.json` of transformers says of it.
  static func facts(of head: DecoderHead?) -> Sidecars {
    switch head {
    case .text(let text):
      var config: Sidecars = ["pad_token_id": text.padding.map { .integer($0) } ?? .null]
      if let problem = text.problemType { config["problem_type"] = .string(problem) }
      return config
    case .tokens(let tokens):
      return tokens.hasBias ? [:] : ["token_classification_bias": false]
    case nil, .nextToken, .answers: return [:]
    }
  }
}
