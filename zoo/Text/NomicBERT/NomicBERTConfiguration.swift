import BinaryIO
import Formats
import ModelGraph
import Operators
import Tensors

/// A BERT for long texts: rotary positions, gated activations, no biases but in norms.
///
/// - Source: Nussbaum et al., "Nomic Embed: Training a Reproducible Long Context Text Embedder" (2024), as in transformers.
public struct NomicBERTConfiguration: Sendable, Hashable {
  public var vocabulary: Int
  public var hidden: Int
  public var layers: Int
  public var heads: Int
  public var intermediate: Int
  /// The most tokens that it was made for.
  public var positions: Int
  /// Kinds of token that have a vector each; 0 for none.
  public var types: Int
  public var epsilon: Double
  public var rotary: Rotary
  var activation: Activation
  public var assumptions: [String]

  public init(
    vocabulary: Int = 30528, hidden: Int, layers: Int, heads: Int, intermediate: Int,
    positions: Int = 2048
  ) {
    self.vocabulary = vocabulary
    self.hidden = hidden
    self.layers = layers
    self.heads = heads
    self.intermediate = intermediate
    self.positions = positions
    types = 2
    epsilon = 1e-12
    rotary = Rotary(theta: 1000)
    activation = .silu
    assumptions = []
  }
}

/// The graph. Its parameters have the names that the files have.
extension NomicBERTConfiguration {
  /// `input_ids`, `attention_mask` and `token_type_ids` to `last_hidden_state`.
  public func build() throws -> ModelDefinition {
    guard (1...EncoderConfiguration.mostLayers).contains(layers), heads > 0, hidden > 0,
      hidden % (2 * heads) == 0, intermediate > 0, vocabulary > 0, types >= 0,
      max(hidden, intermediate, vocabulary, types) <= EncoderConfiguration.widest
    else {
      throw DataError(
        .limitExceeded, "\(layers) layers of \(heads) heads that share \(hidden) numbers")
    }
    var builder = LayerBuilder(name: variant)
    let ids = builder.tokens("input_ids")
    let mask = builder.attentionMask(builder.tokens("attention_mask"))
    var (x, _) = try builder.embedding(
      ids, "embeddings.word_embeddings", count: vocabulary, size: hidden)
    if types > 0 {
      let kinds = builder.tokens("token_type_ids")
      let (added, _) = try builder.embedding(
        kinds, "embeddings.token_type_embeddings", count: types, size: hidden)
      x = builder.add(x, added, "embeddings.add")
    }
    x = try builder.layerNormalization(x, "emb_ln", hidden, epsilon: epsilon)
    let angles = builder.rotaryAngles(
      rotary, positions: builder.positions(of: ids), headDimension: hidden / heads, "rotary")
    for index in 0..<layers {
      x = try layer(&builder, x, index, mask, angles)
    }
    var definition = try builder.finished(x)
    definition.defaults["attention_mask"] = .ones(like: "input_ids")
    if types > 0 { definition.defaults["token_type_ids"] = .zeros(like: "input_ids") }
    definition.longest["input_ids"] = positions
    definition.vocabularies["input_ids"] = vocabulary
    definition.vocabularies["token_type_ids"] = max(types, 1)
    return definition
  }

  private func layer(
    _ builder: inout LayerBuilder, _ x: ValueID, _ index: Int, _ mask: ValueID,
    _ angles: (cosines: ValueID, sines: ValueID)
  ) throws -> ValueID {
    let name = "encoder.layers.\(index)"
    let fused = try builder.projection(x, "\(name).attn.Wqkv", from: hidden, to: 3 * hidden)
    let parts = builder.split(fused, "\(name).attn.parts", into: 3)
    let turned = parts.prefix(2).enumerated().map { part, value in
      builder.graph.add(
        RotaryEmbedding(heads: heads), [value, angles.cosines, angles.sines],
        name: "\(name).attn.\(part == 0 ? "query" : "key")")
    }
    let attended = builder.graph.add(
      Attention(queryHeads: heads, keyValueHeads: heads), turned + [parts[2], mask],
      name: "\(name).attn")
    let output = try builder.projection(
      attended, "\(name).attn.out_proj", from: hidden, to: hidden)
    let sum = builder.add(x, output, "\(name).attn.add")
    let y = try builder.layerNormalization(sum, "\(name).norm1", hidden, epsilon: epsilon)
    let wide = try builder.projection(y, "\(name).mlp.fc11", from: hidden, to: intermediate)
    let gate = builder.activation(
      try builder.projection(y, "\(name).mlp.fc12", from: hidden, to: intermediate), activation,
      "\(name).mlp.activation")
    let gated = builder.graph.add(Mul(), [gate, wide], name: "\(name).mlp.gated")
    let narrow = try builder.projection(
      gated, "\(name).mlp.fc2", from: intermediate, to: hidden)
    let total = builder.add(y, narrow, "\(name).mlp.add")
    return try builder.layerNormalization(
      total, "\(name).norm2", hidden, epsilon: epsilon,
      output: index == layers - 1 ? "last_hidden_state" : nil)
  }
}
