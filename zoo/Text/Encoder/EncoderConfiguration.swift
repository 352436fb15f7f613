import JSON

/// Bidirectional transformers that normalise after each sum: BERT, and what grew out of it.
///
/// - Source: Devlin et al., "BERT" (2018); Liu et al., "RoBERTa" (2019); Sanh et al., "DistilBERT" (2019); Song et al.,
///   "MPNet" (2020); Clark et al., "ELECTRA" (2020); Lan et al., "ALBERT" (2019); as in transformers.
public struct EncoderConfiguration: Sendable, Hashable {
  /// Whose arrangement it is.
  public enum Kind: String, Sendable, CaseIterable {
    case bert = "BERT"
    case roberta = "RoBERTa"
    case distilBERT = "DistilBERT"
    case mpnet = "MPNet"
    case electra = "ELECTRA"
    case albert = "ALBERT"
  }

  /// What stands on the encoder.
  public enum Head: Sendable, Hashable {
    /// Which token belongs here, for each place.
    case maskedTokens
    /// The same, and what the library trains beside it (whether one sentence follows another).
    case pretraining
    /// Which of so many classes a text is.
    case text(Int)
    /// Which of so many classes each token is.
    case tokens(Int)
    /// Where an answer starts and ends.
    case answers
    /// Whether each token was replaced (ELECTRA's discriminator).
    case replacedTokens
  }

  public var kind: Kind
  /// Token ids there are.
  public var vocabulary: Int
  public var hidden: Int
  public var layers: Int
  public var heads: Int
  /// Width inside the feed-forward layers.
  public var intermediate: Int
  /// Rows of the table of positions.
  public var positions: Int
  /// Rows of the table of token types; 0 when there is none.
  public var types: Int
  /// Width of the embeddings; they are projected where it is not `hidden`.
  public var embedding: Int
  /// How many layers have weights of their own; the others share them (ALBERT).
  public var ownLayers: Int
  /// Rows of the table of relative positions (MPNet); 0 when there is none.
  public var buckets: Int
  var activation: Activation
  public var epsilon: Double
  /// The heads, where a table has a column for each.
  var shownHeads: Int?
  /// The id of padding, from which RoBERTa and MPNet count positions.
  public var padding: Int
  /// Whether there are weights that make one vector of the first token.
  public var hasPooler: Bool
  /// Whether the weights hold the embeddings a second time, for the head.
  public var hasOwnDecoder = false
  public var head: Head?
  /// What goes in and out.
  var interface: EncoderInterface
  /// As `model_type` says, where one kind has several (`xlm-roberta`).
  var modelType: String
  /// transformers' `problem_type`, which says what the classes are to each other.
  var problemType: String?
  public var assumptions: [String] = []
  public var contradictions: [String] = []

  public init(
    _ kind: Kind, vocabulary: Int, hidden: Int, layers: Int, heads: Int, intermediate: Int,
    positions: Int = 512, types: Int? = nil, embedding: Int? = nil, ownLayers: Int? = nil,
    hasPooler: Bool? = nil, head: Head? = nil
  ) {
    self.kind = kind
    self.vocabulary = vocabulary
    self.hidden = hidden
    self.layers = layers
    self.heads = heads
    self.intermediate = intermediate
    self.positions = positions
    self.types = types ?? kind.usualTypes
    self.embedding = embedding ?? hidden
    self.ownLayers = ownLayers ?? (kind == .albert ? 1 : layers)
    self.hasPooler = hasPooler ?? kind.usuallyHasPooler
    self.head = head
    buckets = kind == .mpnet ? 32 : 0
    activation = kind == .albert ? .geluTanh : .gelu
    epsilon = kind.usualEpsilon
    padding = kind.countsFromPadding ? 1 : 0
    interface = EncoderInterface(.huggingFace)
    modelType = kind.modelTypes[0]
  }
}

extension EncoderConfiguration.Kind {
  var usualEpsilon: Double { self == .roberta || self == .mpnet ? 1e-5 : 1e-12 }

  var usualTypes: Int {
    switch self {
    case .bert, .electra, .albert: 2
    case .roberta: 1
    case .distilBERT, .mpnet: 0
    }
  }

  var usuallyHasPooler: Bool { self != .distilBERT && self != .electra }

  /// Whether positions are counted from the padding's id, and over the text alone.
  var countsFromPadding: Bool { self == .roberta || self == .mpnet }

  /// What transformers' `config.json` calls it, the usual name first.
  var modelTypes: [String] {
    switch self {
    case .bert: ["bert"]
    case .roberta: ["roberta", "xlm-roberta", "camembert"]
    case .distilBERT: ["distilbert"]
    case .mpnet: ["mpnet"]
    case .electra: ["electra"]
    case .albert: ["albert"]
    }
  }

  /// Whether a text is classified by two layers on its first token, and not by one on the pooler's vector.
  var classifiesInTwoLayers: Bool { self != .bert && self != .albert }
}

/// What an encoder takes and gives, as its library has it.
struct EncoderInterface: Sendable, Hashable {
  var ids: String
  var mask: String
  var types: String
  var hiddenState: String
  var pooled: String

  init(_ dialect: Dialect) {
    if dialect.isKerasHub {
      (ids, mask, types) = ("token_ids", "padding_mask", "segment_ids")
      (hiddenState, pooled) = ("sequence_output", "pooled_output")
    } else {
      (ids, mask, types) = ("input_ids", "attention_mask", "token_type_ids")
      (hiddenState, pooled) = ("last_hidden_state", "pooler_output")
    }
  }
}
