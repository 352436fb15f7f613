/// T5: an encoder that reads and a decoder that writes, with biases of relative positions.
///
/// - Source: Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer" (2019), as in
///   transformers; version 1.1 and Flan-T5 have gated feed-forward layers and a head of their own.
public struct T5Configuration: Sendable, Hashable {
  public var vocabulary: Int
  public var hiddenSize: Int
  public var intermediateSize: Int
  public var encoderLayers: Int
  public var decoderLayers: Int
  public var heads: Int
  public var headDimension: Int
  /// Kinds of distance that have a bias each.
  public var buckets: Int
  /// From where on all distances are alike.
  public var farthest: Int
  public var epsilon: Double
  /// Whether feed-forward layers multiply with a gate.
  public var isGated: Bool
  var activation: Activation
  /// Whether the head's weights are the embedding's.
  public var isTied: Bool
  /// Whether the decoder's output is divided by √hiddenSize before the head.
  public var scalesOutput: Bool
  /// The token that every text begins with: the one for padding, in all that were published.
  public var firstToken: Int
  /// What neither the tensors nor a file beside them said, and was taken as usual.
  public var assumptions: [String]

  public init(
    vocabulary: Int = 32128, hiddenSize: Int, intermediateSize: Int, layers: Int, heads: Int,
    headDimension: Int = 64, isGated: Bool = false
  ) {
    self.vocabulary = vocabulary
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    encoderLayers = layers
    decoderLayers = layers
    self.heads = heads
    self.headDimension = headDimension
    buckets = 32
    farthest = 128
    epsilon = 1e-6
    self.isGated = isGated
    activation = isGated ? .geluTanh : .relu
    isTied = !isGated
    scalesOutput = !isGated
    firstToken = 0
    assumptions = []
  }
}
