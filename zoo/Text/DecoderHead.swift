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

  /// A head that says what kind of text it was.
  public struct TextHead: Sendable, Hashable {
    public var classes: Int
    /// The token that fills texts up; without one the mask alone says where they end.
    public var padding: Int?
    /// As transformers calls it: whether several classes may hold at once.
    public var problemType: String?
  }
}

extension DecoderHead {
  /// What the weights under canonical names have, and a `config.json` of transformers says; nil for none.
  init?(canonical shapes: NamedShapes, config: JSONValue?, isTied: Bool) {
    if let score = shapes["score.weight"], score.rank == 2 {
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
    }
  }

  static func classes(of head: DecoderHead?) -> Int? {
    if case .text(let text) = head { text.classes } else { nil }
  }

  /// What transformers' classes are called after the model's name.
  static func suffix(of head: DecoderHead?, nextToken: String = "ForCausalLM") -> String {
    switch head {
    case nil: "Model"
    case .nextToken: nextToken
    case .text: "ForSequenceClassification"
    }
  }

  /// What a `config.json` of transformers says of it.
  static func facts(of head: DecoderHead?) -> Sidecars {
    guard case .text(let text) = head else { return [:] }
    var config: Sidecars = ["pad_token_id": text.padding.map { .integer($0) } ?? .null]
    if let problem = text.problemType { config["problem_type"] = .string(problem) }
    return config
  }
}
