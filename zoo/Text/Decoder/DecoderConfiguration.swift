/// Decoders of one shape: Llama, and what differs from it by a few choices.
///
/// - Source: Touvron et al., "Llama 2" (2023); Jiang et al., "Mistral 7B" (2023); the Qwen2.5, Qwen3, Gemma 2 and Gemma 3
///   reports; all as in transformers.
public struct DecoderConfiguration: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case llama, mistral, qwen2, qwen3, gemma, gemma2, gemma3
  }

  public var kind: Kind
  public var vocabulary: Int
  public var hiddenSize: Int
  public var intermediateSize: Int
  public var layers: Int
  public var queryHeads: Int
  public var keyValueHeads: Int
  public var headDimension: Int
  /// The most tokens that it was made for.
  public var contextLength: Int
  public var epsilon: Double
  public var rotary: Rotary
  /// The angles of layers with a window, where they have their own (Gemma 3).
  public var localRotary: Rotary?
  /// How many positions, its own among them, a query sees in layers with a window.
  public var window: Int?
  /// Which layers have the window.
  public var windowedLayers: [Bool]
  /// What products of queries and keys are multiplied with; 1/√headDimension when nil.
  public var scale: Double?
  /// Bounds of the attention scores and of the logits; 0 for none.
  public var attentionCap: Double
  public var logitCap: Double
  var activation: Activation
  public var hasQueryBiases: Bool
  public var hasOutputBias: Bool
  public var hasFeedForwardBiases: Bool
  /// What it gives; hidden states when nil.
  public var head: DecoderHead?
  /// Whether the head's weights are the embedding's.
  public var isTied: Bool
  /// What neither the tensors nor a file beside them said, and was taken as usual.
  public var assumptions: [String]

  public init(
    _ kind: Kind, vocabulary: Int, hiddenSize: Int, intermediateSize: Int, layers: Int,
    queryHeads: Int, keyValueHeads: Int, headDimension: Int? = nil, contextLength: Int,
    rotary: Rotary = Rotary(), isTied: Bool = false
  ) {
    self.kind = kind
    self.vocabulary = vocabulary
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layers = layers
    self.queryHeads = queryHeads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension ?? hiddenSize / max(queryHeads, 1)
    self.contextLength = contextLength
    epsilon = 1e-6
    self.rotary = rotary
    localRotary = kind == .gemma3 ? Rotary() : nil
    window = nil
    windowedLayers = []
    scale = nil
    attentionCap = kind == .gemma2 ? 50 : 0
    logitCap = kind == .gemma2 ? 30 : 0
    activation = kind.isGemma ? .geluTanh : .silu
    hasQueryBiases = kind == .qwen2
    hasOutputBias = false
    hasFeedForwardBiases = false
    head = .nextToken
    self.isTied = isTied || kind.isGemma
    assumptions = []
  }
}

extension DecoderConfiguration.Kind {
  /// Whether norms multiply with 1 + weight, and embeddings with √hiddenSize.
  public var isGemma: Bool { self == .gemma || self == .gemma2 || self == .gemma3 }
  /// Whether the heads of queries and keys are normalised.
  public var hasHeadNorms: Bool { self == .qwen3 || self == .gemma3 }
  /// Whether what attention and feed-forward give is normalised too.
  public var hasOutputNorms: Bool { self == .gemma2 || self == .gemma3 }
}

extension DecoderConfiguration {
  /// The window of a layer; nil where it sees all that came before.
  func window(ofLayer layer: Int) -> Int? {
    windowedLayers.indices.contains(layer) && windowedLayers[layer] ? window : nil
  }

  /// The same with a window of that size in the layers for which `isWindowed` is true.
  func windowed(_ size: Int?, where isWindowed: (Int) -> Bool) -> Self {
    var copy = self
    copy.window = size
    copy.windowedLayers = size == nil ? [] : (0..<layers).map(isWindowed)
    return copy
  }
}
