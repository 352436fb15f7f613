import BinaryIO
import ModelGraph
import Operators
import Tensors

/// An encoder of today's parts: normalisation before each half, rotary positions, gated activations, local attention.
///
/// - Source: Warner et al., "Smarter, Better, Faster, Longer: ModernBERT" (2024), as in transformers.
public struct ModernBERTConfiguration: Sendable, Hashable {
  public var vocabulary: Int
  public var hidden: Int
  public var layers: Int
  public var heads: Int
  public var intermediate: Int
  /// The most tokens that it was made for.
  public var positions: Int
  /// How far a local layer looks to each side.
  public var window: Int
  /// The places of layers that see everything.
  public var globalLayers: [Int]
  var globalRotary: Rotary
  var localRotary: Rotary
  var activation: Activation
  var headActivation: Activation
  public var epsilon: Double
  /// Which parts have biases.
  var biases: Biases
  /// Whether a text is classified by the mean of its tokens, and not by its first.
  var classifiesByMean: Bool
  public var hasOwnDecoder: Bool
  public var head: EncoderConfiguration.Head?
  var problemType: String?
  var padding: Int
  public var assumptions: [String]
  public var contradictions: [String]

  struct Biases: Sendable, Hashable {
    var norm = false
    var attention = false
    var feedForward = false
    var head = false
    var decoder = true
  }

  public init(
    vocabulary: Int = 50368, hidden: Int, layers: Int, heads: Int, intermediate: Int,
    positions: Int = 8192, head: EncoderConfiguration.Head? = nil
  ) {
    self.vocabulary = vocabulary
    self.hidden = hidden
    self.layers = layers
    self.heads = heads
    self.intermediate = intermediate
    self.positions = positions
    self.head = head
    window = 64
    globalLayers = Array(stride(from: 0, to: max(layers, 0), by: 3))
    globalRotary = Rotary(theta: 160_000)
    localRotary = Rotary(theta: 10_000)
    activation = .gelu
    headActivation = .gelu
    epsilon = 1e-5
    biases = Biases()
    classifiesByMean = false
    hasOwnDecoder = false
    padding = 50283
    assumptions = []
    contradictions = []
  }
}

/// The graph. Its parameters have transformers' names without `model.`.
extension ModernBERTConfiguration {
  public func build() throws -> ModelDefinition {
    guard layers <= EncoderConfiguration.mostLayers, heads > 0, heads <= hidden,
      hidden % (2 * heads) == 0,
      max(hidden, intermediate, vocabulary) <= EncoderConfiguration.widest
    else {
      throw DataError(
        .limitExceeded, "\(layers) layers of \(heads) heads that share \(hidden) numbers")
    }
    let interface = EncoderInterface(.huggingFace)
    var builder = LayerBuilder(name: variant)
    let ids = builder.tokens(interface.ids)
    let mask = builder.tokens(interface.mask)
    var (x, table) = try builder.embedding(
      ids, "embeddings.tok_embeddings", count: vocabulary, size: hidden)
    x = try normalised(&builder, x, "embeddings.norm")
    let visible = builder.attentionMask(mask)
    let places = builder.positions(of: ids)
    let size = hidden / heads
    let angles = (
      global: builder.rotaryAngles(
        globalRotary, positions: places, headDimension: size, "rotary.global"),
      local: builder.rotaryAngles(
        localRotary, positions: places, headDimension: size, "rotary.local")
    )
    let globals = Set(globalLayers)
    for index in 0..<layers {
      let isGlobal = globals.contains(index)
      x = try layer(
        &builder, x, index, visible, isGlobal ? angles.global : angles.local,
        window: isGlobal ? nil : window)
    }
    x = try normalised(
      &builder, x, "final_norm", output: head == nil ? interface.hiddenState : nil)
    let outputs = try outputs(&builder, x, table, mask)
    var definition = try builder.finished(outputs)
    definition.defaults[interface.mask] = .ones(like: interface.ids)
    definition.longest[interface.ids] = positions
    definition.vocabularies[interface.ids] = vocabulary
    return definition
  }

  private func normalised(
    _ builder: inout LayerBuilder, _ x: ValueID, _ name: String, output: String? = nil
  ) throws -> ValueID {
    try builder.layerNormalization(
      x, name, hidden, epsilon: epsilon, bias: biases.norm, output: output)
  }

  private func layer(
    _ builder: inout LayerBuilder, _ x: ValueID, _ index: Int, _ mask: ValueID,
    _ angles: (cosines: ValueID, sines: ValueID), window: Int?
  ) throws -> ValueID {
    let name = "layers.\(index)"
    // The embeddings are normalised already
    let first = index == 0 ? x : try normalised(&builder, x, "\(name).attn_norm")
    let fused = try builder.projection(
      first, "\(name).attn.Wqkv", from: hidden, to: 3 * hidden, bias: biases.attention)
    let parts = builder.split(fused, "\(name).attn.parts", into: 3)
    let turned = parts.prefix(2).enumerated().map { part, value in
      builder.graph.add(
        RotaryEmbedding(heads: heads), [value, angles.cosines, angles.sines],
        name: "\(name).attn.\(part == 0 ? "query" : "key")")
    }
    let attended = builder.graph.add(
      Attention(
        queryHeads: heads, keyValueHeads: heads, leftWindow: window, rightWindow: window),
      turned + [parts[2], mask], name: "\(name).attn")
    let output = try builder.projection(
      attended, "\(name).attn.Wo", from: hidden, to: hidden, bias: biases.attention)
    let sum = builder.add(x, output, "\(name).attn.add")
    let second = try normalised(&builder, sum, "\(name).mlp_norm")
    let wide = try builder.projection(
      second, "\(name).mlp.Wi", from: hidden, to: 2 * intermediate, bias: biases.feedForward)
    let halves = builder.split(wide, "\(name).mlp.halves", into: 2)
    let active = builder.activation(halves[0], activation, "\(name).mlp.activation")
    let gated = builder.graph.add(Mul(), [active, halves[1]], name: "\(name).mlp.gated")
    let narrow = try builder.projection(
      gated, "\(name).mlp.Wo", from: intermediate, to: hidden, bias: biases.feedForward)
    return builder.add(sum, narrow, "\(name).mlp.add")
  }

  private func outputs(
    _ builder: inout LayerBuilder, _ x: ValueID, _ table: ValueID, _ mask: ValueID
  ) throws -> [ValueID] {
    switch head {
    case .maskedTokens?:
      let vectors = try prediction(&builder, x)
      let weight =
        hasOwnDecoder ? try builder.parameter("decoder.weight", [vocabulary, hidden]) : table
      let bias = biases.decoder ? [try builder.parameter("decoder.bias", [vocabulary])] : []
      return [
        builder.graph.add(Linear(), [vectors, weight] + bias, name: "decoder", output: "logits")
      ]
    case .text(let classes)?:
      let vector = classifiesByMean ? builder.mean(x, over: mask) : builder.firstToken(x, "first")
      return [try classified(&builder, try prediction(&builder, vector), classes, "logits")]
    case .tokens(let classes)?:
      return [try classified(&builder, try prediction(&builder, x), classes, "logits")]
    case .answers?:
      let both = try classified(&builder, try prediction(&builder, x), 2)
      return builder.answers(both)
    default: return [x]
    }
  }

  private func prediction(_ builder: inout LayerBuilder, _ x: ValueID) throws -> ValueID {
    let dense = try builder.projection(
      x, "head.dense", from: hidden, to: hidden, bias: biases.head)
    let active = builder.activation(dense, headActivation, "head.activation")
    return try normalised(&builder, active, "head.norm")
  }

  private func classified(
    _ builder: inout LayerBuilder, _ x: ValueID, _ classes: Int, _ output: String? = nil
  ) throws -> ValueID {
    try builder.projection(x, "classifier", from: hidden, to: classes, bias: true, output: output)
  }
}
