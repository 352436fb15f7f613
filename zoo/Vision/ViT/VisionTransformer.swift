import BinaryIO
import ModelGraph
import Operators
import Tensors

/// A transformer over the patches of a picture: ViT, DeiT and DINOv2, with or without their heads.
///
/// - Source: Dosovitskiy et al., "An Image is Worth 16x16 Words" (2020); Touvron et al., "Training data-efficient image
///   transformers" (2020); Oquab et al., "DINOv2" (2023), Darcet et al., "Vision Transformers Need Registers" (2023).
public struct VisionTransformerConfiguration: Sendable, Hashable {
  /// Whose arrangement it is.
  public enum Kind: String, Sendable, CaseIterable {
    case vit = "ViT"
    case deit = "DeiT"
    case dinov2 = "DINOv2"
    case dinov2WithRegisters = "DINOv2 with registers"

    var isDINO: Bool { self == .dinov2 || self == .dinov2WithRegisters }
  }

  /// What stands on the transformer.
  public enum Head: Sendable, Hashable {
    /// Classes from the first token.
    case first(Int)
    /// Classes from the first token beside the mean of the patches (DINOv2).
    case firstAndMean(Int)
    /// The mean of a head on the first token and one on the token that learns from a teacher (DeiT).
    case distilled(Int)
  }

  /// The layers between the attentions.
  public enum FeedForward: Sendable, Hashable {
    case plain(Int)
    /// `silu(a) · b` of two halves, each so wide.
    case gated(Int)
  }

  public var kind: Kind
  public var hidden: Int
  public var layers: Int
  public var heads: Int
  public var feedForward: FeedForward
  /// Pixels along a patch's side.
  public var patch: Int
  /// Pixels along the picture's sides.
  public var image: Int
  /// Patches along the side of the table of positions; the table is stretched to the picture where they differ.
  public var grid: Int
  public var channels = 3
  /// Tokens that see everything and stand for nothing (DINOv2).
  public var registers = 0
  public var hasDistillationToken = false
  /// Whether the tokens before the patches have positions too; timm adds them to the tokens where there are registers.
  public var placesLeadingTokens = true
  /// Whether the tokens are normalised before the first layer (timm's towers of CLIP).
  public var hasPreNorm = false
  public var hasPatchBias = true
  /// Whether queries, keys and values have biases.
  public var hasBiases = true
  /// Whether what a layer adds is scaled, each feature by itself.
  public var hasLayerScale = false
  /// Weights that make one vector of the first token.
  public var hasPooler = false
  /// A token that stood for hidden patches while it was trained; not used here.
  public var hasMaskToken = false
  var activation = Activation.gelu
  public var epsilon: Double
  public var head: Head?
  var interface: Interface
  public var assumptions: [String] = []
  public var contradictions: [String] = []

  public init(
    _ kind: Kind, hidden: Int, layers: Int, heads: Int, feedForward: FeedForward? = nil,
    patch: Int = 16, image: Int = 224, grid: Int? = nil, head: Head? = .first(1000)
  ) {
    self.kind = kind
    self.hidden = hidden
    self.layers = layers
    self.heads = heads
    self.feedForward = feedForward ?? .plain(hidden * 4)
    self.patch = patch
    self.image = image
    self.grid = grid ?? image / max(patch, 1)
    self.head = head
    epsilon = kind.isDINO ? 1e-6 : 1e-12
    hasLayerScale = kind.isDINO
    hasDistillationToken = kind == .deit
    interface = Interface(.huggingFace)
  }

  /// Patches along the picture's side.
  var pictureGrid: Int { image / max(patch, 1) }
  /// Tokens that stand before the patches and have positions.
  var placedTokens: Int { placesLeadingTokens ? leadingTokens : 0 }
  /// Tokens that stand before the patches, registers aside.
  var leadingTokens: Int { hasDistillationToken ? 2 : 1 }
}

/// The graph. Its parameters have transformers' names without the model's prefix, but layers are called alike in all kinds.
extension VisionTransformerConfiguration {
  /// More layers than any checkpoint has.
  static let mostLayers = 1024

  public func build() throws -> ModelDefinition {
    guard (1...Self.mostLayers).contains(layers), heads > 0, hidden % heads == 0, patch > 0,
      image >= patch, image <= 1 << 14, grid > 0, grid <= 1 << 12, (1...4096).contains(channels)
    else {
      throw DataError(
        .limitExceeded,
        "\(layers) layers of \(heads) heads that share \(hidden) numbers, for pictures of \(image) "
          + "pixels in patches of \(patch)")
    }
    var builder = LayerBuilder(name: variant)
    var x = try embeddings(&builder)
    if hasPreNorm {
      x = try builder.layerNormalization(x, "embeddings.pre_norm", hidden, epsilon: epsilon)
    }
    for index in 0..<layers { x = try layer(&builder, x, index) }
    let output = head == nil ? "last_hidden_state" : nil
    x = try builder.layerNormalization(x, "norm", hidden, epsilon: epsilon, output: output)
    let results = try outputs(&builder, x)
    return try builder.finished(results)
  }

  private func embeddings(_ builder: inout LayerBuilder) throws -> ValueID {
    let name = "embeddings"
    let side = Dimension.fixed(image)
    let input = builder.graph.addInput(
      interface.input,
      TensorType(
        .float32,
        interface.isChannelsLast
          ? ["batch", side, side, .fixed(channels)] : ["batch", .fixed(channels), side, side]))
    let picture =
      interface.isChannelsLast
      ? builder.graph.add(
        Transpose(permutation: [0, 3, 1, 2]), [input], name: "channels_first") : input
    let patches = try builder.convolution(
      picture, "\(name).patch_embeddings.projection", from: channels, to: hidden, kernel: patch,
      stride: patch, padding: .all(0), bias: hasPatchBias)
    let flat = builder.reshape(patches, "\(name).flatten", [0, hidden, -1])
    let tokens = builder.graph.add(
      Transpose(permutation: [0, 2, 1]), [flat], name: "\(name).tokens")
    var parts = [try builder.parameter("\(name).cls_token", [1, 1, hidden])]
    if hasDistillationToken {
      parts.append(try builder.parameter("\(name).distillation_token", [1, 1, hidden]))
    }
    if hasMaskToken { builder.unusedParameter("\(name).mask_token") }
    let shape = builder.graph.add(ShapeOf(start: 0, end: 1), [tokens], name: "batch_size")
    let extents = builder.graph.add(
      Concat(axis: 0), [shape, builder.integers("one_token", [1, hidden])], name: "token_shape")
    func expanded(_ token: ValueID, _ title: String) -> ValueID {
      builder.graph.add(Expand(), [token, extents], name: title)
    }
    let leading = parts.enumerated().map { expanded($0.element, "\(name).leading.\($0.offset)") }
    if !placesLeadingTokens {
      let placed = builder.add(tokens, try positions(&builder), "\(name).add")
      let extra = try registerTokens(&builder, batch: shape).map { [$0] } ?? []
      return builder.graph.add(Concat(axis: 1), leading + extra + [placed], name: "\(name).all")
    }
    let all = builder.graph.add(Concat(axis: 1), leading + [tokens], name: "\(name).all")
    let placed = builder.add(all, try positions(&builder), "\(name).add")
    guard let extra = try registerTokens(&builder, batch: shape) else { return placed }
    let first = builder.slice(placed, "\(name).first", axis: 1, 0..<1)
    let rest = builder.slice(placed, "\(name).rest", axis: 1, 1..<Int.max)
    return builder.graph.add(Concat(axis: 1), [first, extra, rest], name: "\(name).registered")
  }

  /// Registers stand behind the first token, and have no position; nil where there are none.
  private func registerTokens(
    _ builder: inout LayerBuilder, batch: ValueID
  ) throws -> ValueID? {
    guard registers > 0 else { return nil }
    let name = "embeddings"
    let table = try builder.parameter("\(name).register_tokens", [1, registers, hidden])
    let shape = builder.graph.add(
      Concat(axis: 0), [batch, builder.integers("register_extents", [registers, hidden])],
      name: "register_shape")
    return builder.graph.add(Expand(), [table, shape], name: "\(name).registers")
  }

  /// The table of positions, stretched to the picture's patches where it is for other pictures.
  ///
  /// Bicubic with the coefficient -0.75 between the centres of patches, as PyTorch's `interpolate` does; smoothed where
  /// it has registers, as transformers does.
  private func positions(_ builder: inout LayerBuilder) throws -> ValueID {
    let name = "embeddings.position_embeddings"
    let table = try builder.parameter(name, [1, placedTokens + grid * grid, hidden])
    let side = pictureGrid
    guard side != grid else { return table }
    let patches =
      placedTokens == 0
      ? table : builder.slice(table, "\(name).patches", axis: 1, placedTokens..<Int.max)
    let square = builder.reshape(patches, "\(name).square", [1, grid, grid, hidden])
    let first = builder.graph.add(
      Transpose(permutation: [0, 3, 1, 2]), [square], name: "\(name).channels_first")
    let sizes = builder.integers("\(name).sizes", [1, hidden, side, side])
    // Smoothed, PyTorch has another coefficient, and leaves out what lies outside
    let resize =
      registers > 0
      ? Resize(mode: .cubic, cubicCoefficient: -0.5, excludeOutside: true, antialias: true)
      : Resize(mode: .cubic)
    let resized = builder.graph.add(
      resize,
      [first, nil, nil, sizes], name: "\(name).resize")
    let last = builder.graph.add(
      Transpose(permutation: [0, 2, 3, 1]), [resized], name: "\(name).channels_last")
    let flat = builder.reshape(last, "\(name).flat", [1, side * side, hidden])
    guard placedTokens > 0 else { return flat }
    let leading = builder.slice(table, "\(name).leading", axis: 1, 0..<placedTokens)
    return builder.graph.add(Concat(axis: 1), [leading, flat], name: "\(name).stretched")
  }

  private func layer(
    _ builder: inout LayerBuilder, _ x: ValueID, _ index: Int
  ) throws -> ValueID {
    let name = "encoder.layer.\(index)"
    let normal = try builder.layerNormalization(x, "\(name).norm1", hidden, epsilon: epsilon)
    let parts = try ["query", "key", "value"].map {
      try builder.projection(
        normal, "\(name).attention.\($0)", from: hidden, to: hidden, bias: hasBiases)
    }
    let attended = builder.graph.add(
      Attention(queryHeads: heads, keyValueHeads: heads), parts, name: "\(name).attention")
    let output = try builder.projection(
      attended, "\(name).attention.output", from: hidden, to: hidden, bias: true)
    let middle = builder.add(x, try scaled(&builder, output, "\(name).scale1"), "\(name).add1")
    let second = try builder.layerNormalization(
      middle, "\(name).norm2", hidden, epsilon: epsilon)
    let forward = try feedForward(&builder, second, name)
    return builder.add(middle, try scaled(&builder, forward, "\(name).scale2"), "\(name).add2")
  }

  private func scaled(
    _ builder: inout LayerBuilder, _ x: ValueID, _ name: String
  ) throws -> ValueID {
    guard hasLayerScale else { return x }
    return builder.graph.add(
      Mul(), [x, try builder.parameter(name, [hidden])], name: "\(name).mul")
  }

  private func feedForward(
    _ builder: inout LayerBuilder, _ x: ValueID, _ name: String
  ) throws -> ValueID {
    switch feedForward {
    case .plain(let width):
      let wide = try builder.projection(
        x, "\(name).mlp.fc1", from: hidden, to: width, bias: true)
      let active = builder.activation(wide, activation, "\(name).mlp.activation")
      return try builder.projection(
        active, "\(name).mlp.fc2", from: width, to: hidden, bias: true)
    case .gated(let width):
      let both = try builder.projection(
        x, "\(name).mlp.weights_in", from: hidden, to: 2 * width, bias: true)
      let gate = builder.slice(both, "\(name).mlp.gate", axis: 2, 0..<width)
      let value = builder.slice(both, "\(name).mlp.value", axis: 2, width..<(2 * width))
      let active = builder.activation(gate, .silu, "\(name).mlp.activation")
      let product = builder.graph.add(Mul(), [active, value], name: "\(name).mlp.product")
      return try builder.projection(
        product, "\(name).mlp.weights_out", from: width, to: hidden, bias: true)
    }
  }

  private func outputs(_ builder: inout LayerBuilder, _ x: ValueID) throws -> [ValueID] {
    let first = builder.firstToken(x, "first")
    switch head {
    case nil:
      if kind.isDINO {
        return [x, builder.graph.add(Identity(), [first], name: "pooler", output: "pooler_output")]
      }
      guard hasPooler else { return [x] }
      let dense = try builder.projection(
        first, "pooler.dense", from: hidden, to: hidden, bias: true)
      return [
        x, builder.graph.add(Tanh(), [dense], name: "pooler.activation", output: "pooler_output"),
      ]
    case .first(let classes):
      return [
        try builder.projection(
          first, "classifier", from: hidden, to: classes, bias: true, output: interface.output)
      ]
    case .firstAndMean(let classes):
      let rest = builder.slice(x, "patches", axis: 1, (1 + registers)..<Int.max)
      let mean = builder.graph.add(
        ReduceMean(keepDimensions: false), [rest, builder.integers("axis_1", [1])], name: "mean")
      let both = builder.graph.add(Concat(axis: 1), [first, mean], name: "first_and_mean")
      return [
        try builder.projection(
          both, "classifier", from: 2 * hidden, to: classes, bias: true, output: interface.output)
      ]
    case .distilled(let classes):
      let second = builder.graph.add(
        Gather(axis: 1), [x, builder.integer("second_index", 1)], name: "second")
      let a = try builder.projection(first, "classifier", from: hidden, to: classes, bias: true)
      let b = try builder.projection(
        second, "distillation_classifier", from: hidden, to: classes, bias: true)
      let sum = builder.add(a, b, "heads.add")
      return [
        builder.graph.add(
          Mul(), [sum, builder.scalar("half", 0.5)], name: "heads.mean", output: interface.output)
      ]
    }
  }
}

extension LayerBuilder {
  /// A part along one axis; `Int.max` is its end.
  fileprivate mutating func slice(
    _ x: ValueID, _ name: String, axis: Int, _ range: Range<Int>
  ) -> ValueID {
    graph.add(
      Slice(),
      [
        x, integers("at_\(range.lowerBound)", [range.lowerBound]),
        integers("to_\(range.upperBound)", [range.upperBound]), integers("axis_\(axis)", [axis]),
      ], name: name)
  }
}
