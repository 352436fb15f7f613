import BinaryIO
import ModelGraph
import Operators
import Tensors

/// Two transformers, one for pictures and one for texts, whose vectors lie near each other where both mean the same.
///
/// - Source: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021).
public struct CLIPConfiguration: Sendable, Hashable {
  /// The sizes of one of the two.
  public struct Tower: Sendable, Hashable {
    public var hidden: Int
    public var layers: Int
    public var heads: Int
    public var intermediate: Int
    var activation = Activation.quickGelu
    public var epsilon = 1e-5

    public init(hidden: Int, layers: Int, heads: Int? = nil, intermediate: Int? = nil) {
      self.hidden = hidden
      self.layers = layers
      self.heads = heads ?? max(hidden / 64, 1)
      self.intermediate = intermediate ?? hidden * 4
    }
  }

  public var vision: Tower
  public var text: Tower
  /// Numbers of the vectors that are compared.
  public var projection: Int
  public var patch: Int
  /// Pixels along a picture's side.
  public var image: Int
  public var channels = 3
  public var vocabulary: Int
  /// The most tokens of a text.
  public var positions: Int
  /// The token that ends a text, whose vector stands for it; the largest id where it is nil.
  public var end: Int?
  public var assumptions: [String] = []
  public var contradictions: [String] = []

  public init(
    vision: Tower, text: Tower, projection: Int, patch: Int, image: Int = 224,
    vocabulary: Int = 49408, positions: Int = 77
  ) {
    self.vision = vision
    self.text = text
    self.projection = projection
    self.patch = patch
    self.image = image
    self.vocabulary = vocabulary
    self.positions = positions
  }

  var grid: Int { image / max(patch, 1) }
}

/// The graph. Its parameters have the names that transformers gives them on disk.
extension CLIPConfiguration {
  static let mostLayers = 1024

  public func build() throws -> ModelDefinition {
    for tower in [vision, text] {
      guard (1...Self.mostLayers).contains(tower.layers), tower.heads > 0,
        tower.hidden % tower.heads == 0
      else {
        throw DataError(
          .limitExceeded,
          "\(tower.layers) layers of \(tower.heads) heads that share \(tower.hidden) numbers")
      }
    }
    guard patch > 0, image >= patch, image <= 1 << 14, (1...4096).contains(channels) else {
      throw DataError(.limitExceeded, "pictures of \(image) pixels in patches of \(patch)")
    }
    var builder = LayerBuilder(name: variant)
    let ids = builder.graph.addInput("input_ids", TensorType(.int64, ["texts", "sequence"]))
    let pixels = builder.graph.addInput(
      "pixel_values",
      TensorType(.float32, ["pictures", .fixed(channels), .fixed(image), .fixed(image)]))
    let mask = builder.graph.addInput("attention_mask", TensorType(.int64, ["texts", "sequence"]))
    let texts = try textVectors(&builder, ids, mask)
    let pictures = try pictureVectors(&builder, pixels)
    let scale = builder.graph.add(
      Exp(), [try builder.parameter("logit_scale", [])], name: "logit_scale.exp")
    let turned = builder.graph.add(
      Transpose(permutation: [1, 0]), [pictures], name: "image_embeds.transposed")
    let products = builder.graph.add(MatMul(), [texts, turned], name: "similarity")
    let perText = builder.graph.add(
      Mul(), [products, scale], name: "similarity.scaled", output: "logits_per_text")
    let perImage = builder.graph.add(
      Transpose(permutation: [1, 0]), [perText], name: "similarity.transposed",
      output: "logits_per_image")
    var definition = try builder.finished([perImage, perText, texts, pictures])
    definition.defaults["attention_mask"] = .ones(like: "input_ids")
    definition.longest["input_ids"] = positions
    definition.vocabularies = ["input_ids": vocabulary]
    return definition
  }

  private func textVectors(
    _ builder: inout LayerBuilder, _ ids: ValueID, _ mask: ValueID
  ) throws -> ValueID {
    let name = "text_model"
    let words = try builder.embedding(
      ids, "\(name).embeddings.token_embedding", count: vocabulary, size: text.hidden
    ).x
    let places = try builder.firstPositions(
      of: ids, "\(name).embeddings.position_embedding", count: positions, size: text.hidden)
    var x = builder.add(words, places, "\(name).embeddings.add")
    let visible = builder.attentionMask(mask)
    for index in 0..<text.layers {
      x = try layer(
        &builder, x, "\(name).encoder.layers.\(index)", text, mask: visible, isCausal: true)
    }
    x = try builder.layerNormalization(
      x, "\(name).final_layer_norm", text.hidden, epsilon: text.epsilon)
    // The first place of the token that ends the text, or of the largest id
    let marks: ValueID
    if let end {
      let isEnd = builder.graph.add(
        Equal(), [ids, builder.integer("end_id", end)], name: "\(name).is_end")
      marks = builder.graph.add(Cast(to: .int64), [isEnd], name: "\(name).is_end.number")
    } else {
      marks = ids
    }
    let place = builder.graph.add(
      ArgMax(axis: 1, keepDimensions: true), [marks], name: "\(name).end")
    let vector = builder.graph.add(
      GatherND(batchDimensions: 1), [x, place], name: "\(name).pooled")
    return try vectors(
      &builder, vector, "text_projection", from: text.hidden, output: "text_embeds")
  }

  private func pictureVectors(
    _ builder: inout LayerBuilder, _ pixels: ValueID
  ) throws -> ValueID {
    let name = "vision_model"
    let width = vision.hidden
    let patches = try builder.convolution(
      pixels, "\(name).embeddings.patch_embedding", from: channels, to: width, kernel: patch,
      stride: patch, padding: .all(0))
    let flat = builder.reshape(patches, "\(name).flatten", [0, width, -1])
    let tokens = builder.graph.add(
      Transpose(permutation: [0, 2, 1]), [flat], name: "\(name).tokens")
    let first = try builder.parameter("\(name).embeddings.class_embedding", [width])
    let count = builder.graph.add(ShapeOf(start: 0, end: 1), [tokens], name: "\(name).count")
    let shape = builder.graph.add(
      Concat(axis: 0), [count, builder.integers("class_extents", [1, width])],
      name: "\(name).class_shape")
    let leading = builder.graph.add(Expand(), [first, shape], name: "\(name).class")
    let all = builder.graph.add(Concat(axis: 1), [leading, tokens], name: "\(name).all")
    let places = try builder.parameter(
      "\(name).embeddings.position_embedding.weight", [grid * grid + 1, width])
    var x = builder.add(all, places, "\(name).embeddings.add")
    x = try builder.layerNormalization(
      x, "\(name).pre_layrnorm", width, epsilon: vision.epsilon)
    for index in 0..<vision.layers {
      x = try layer(
        &builder, x, "\(name).encoder.layers.\(index)", vision, mask: nil, isCausal: false)
    }
    let vector = try builder.layerNormalization(
      builder.firstToken(x, "\(name).first"), "\(name).post_layernorm", width,
      epsilon: vision.epsilon)
    return try vectors(
      &builder, vector, "visual_projection", from: width, output: "image_embeds")
  }

  /// Projected, and given the length 1.
  private func vectors(
    _ builder: inout LayerBuilder, _ x: ValueID, _ name: String, from width: Int, output: String
  ) throws -> ValueID {
    let projected = try builder.projection(x, name, from: width, to: projection)
    return builder.graph.add(
      LpNormalization(axis: -1, p: 2), [projected], name: output, output: output)
  }

  private func layer(
    _ builder: inout LayerBuilder, _ x: ValueID, _ name: String, _ tower: Tower, mask: ValueID?,
    isCausal: Bool
  ) throws -> ValueID {
    let width = tower.hidden
    let normal = try builder.layerNormalization(
      x, "\(name).layer_norm1", width, epsilon: tower.epsilon)
    let parts = try ["q_proj", "k_proj", "v_proj"].map {
      try builder.projection(normal, "\(name).self_attn.\($0)", from: width, to: width, bias: true)
    }
    let attended = builder.graph.add(
      Attention(queryHeads: tower.heads, keyValueHeads: tower.heads, isCausal: isCausal),
      parts + (mask.map { [$0] } ?? []), name: "\(name).self_attn")
    let output = try builder.projection(
      attended, "\(name).self_attn.out_proj", from: width, to: width, bias: true)
    let middle = builder.add(x, output, "\(name).add1")
    let second = try builder.layerNormalization(
      middle, "\(name).layer_norm2", width, epsilon: tower.epsilon)
    let wide = try builder.projection(
      second, "\(name).mlp.fc1", from: width, to: tower.intermediate, bias: true)
    let active = builder.activation(wide, tower.activation, "\(name).mlp.activation")
    let narrow = try builder.projection(
      active, "\(name).mlp.fc2", from: tower.intermediate, to: width, bias: true)
    return builder.add(middle, narrow, "\(name).add2")
  }
}
