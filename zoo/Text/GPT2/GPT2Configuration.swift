/// GPT-2: norms before attention and feed-forward, learned positions.
///
/// - Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), as in transformers.
public struct GPT2Configuration: Sendable, Hashable {
  public var vocabulary: Int
  /// How many positions it has learned.
  public var contextLength: Int
  public var hiddenSize: Int
  public var intermediateSize: Int
  public var layers: Int
  public var heads: Int
  public var epsilon: Double
  var activation: Activation
  /// What it gives; hidden states when nil.
  public var head: DecoderHead?
  /// Whether the head's weights are the embedding's.
  public var isTied: Bool
  /// What neither the tensors nor a file beside them said, and was taken as usual.
  public var assumptions: [String]

  public init(
    vocabulary: Int = 50257, contextLength: Int = 1024, hiddenSize: Int = 768,
    intermediateSize: Int? = nil, layers: Int = 12, heads: Int = 12
  ) {
    self.vocabulary = vocabulary
    self.contextLength = contextLength
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize ?? 4 * hiddenSize
    self.layers = layers
    self.heads = heads
    epsilon = 1e-5
    activation = .geluTanh
    head = .nextToken
    isTied = true
    assumptions = []
  }
}
