import Formats
import Images
import JSON
import OrderedCollections
import Tensors

/// ViT, DeiT and DINOv2 at all their sizes.
public struct VisionTransformer: ModelFamily {
  public let kind: VisionTransformerConfiguration.Kind
  public var name: String { kind.rawValue }

  public init(_ kind: VisionTransformerConfiguration.Kind) { self.kind = kind }

  public var dialects: [DialectSigns] {
    let prefix = VisionTransformerConfiguration.prefix(kind)
    let anchors =
      switch kind {
      case .vit: ("encoder.layer.0.layernorm_before.weight", "blocks.0.attn.qkv.weight")
      case .deit: ("encoder.layer.0.layernorm_before.weight", "dist_token")
      case .dinov2: ("encoder.layer.0.layer_scale1.lambda1", "blocks.0.ls1.gamma")
      case .dinov2WithRegisters: ("embeddings.register_tokens", "reg_token")
      }
    let own =
      switch kind {
      case .vit:
        [
          DialectSigns(
            .torchvision, anchor: "encoder.layers.encoder_layer_0.self_attention.in_proj_weight"),
          DialectSigns(.google, anchor: "Transformer/posembed_input/pos_embedding"),
        ]
      case .deit: [DialectSigns]()
      case .dinov2: [DialectSigns(.meta, anchor: "mask_token")]
      case .dinov2WithRegisters: [DialectSigns(.meta, anchor: "register_tokens")]
      }
    return [
      DialectSigns(.huggingFace, anchor: anchors.0, basePrefix: prefix),
      DialectSigns(.timm, anchor: anchors.1),
    ] + own
  }

  public var variants: [ModelVariant] {
    VisionTransformerConfiguration.named.filter { $0.1.kind == kind }
      .map { ModelVariant($0.0, $0.1) }
  }

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    let config = sidecars.modelConfiguration
    guard let map = VisionTransformerConfiguration.nameMap(for: dialect, kind),
      var seen = VisionTransformerConfiguration(
        kind, canonical: shapes.mapped(by: map, isChanged: dialect == .google), in: dialect,
        sidecars: sidecars)
    else { return nil }
    if dialect == .google, let heads = Self.shownHeads(shapes) {
      seen.heads = heads
      seen.assumptions = []
    }
    // Bare names are alike: the tokens tell, and what the configuration says
    guard seen.hasLayerScale == kind.isDINO,
      (seen.registers > 0) == (kind == .dinov2WithRegisters)
    else { return nil }
    if !kind.isDINO {
      let says = dialect == .huggingFace ? config?["model_type"]?.string : nil
      let isDeiT = says.map { $0 == "deit" } ?? seen.hasDistillationToken
      guard isDeiT == (kind == .deit) else { return nil }
    }
    seen.interface = Interface(dialect, sidecars: sidecars)
    return seen
  }

  /// Google's kernels of attention show the heads.
  private static func shownHeads(_ shapes: NamedShapes) -> Int? {
    let kernel = shapes.first {
      $0.hasSuffix("/\(VisionTransformerConfiguration.googleAttention)/query/kernel")
    }
    return kernel.flatMap { $0.rank == 3 && $0[1] > 0 ? $0[1] : nil }
  }
}

extension VisionTransformerConfiguration {
  static let named: [(String, VisionTransformerConfiguration)] = {
    var list: [(String, VisionTransformerConfiguration)] = []
    let sizes = [
      ("Tiny", 192, 12, 3), ("Small", 384, 12, 6), ("Base", 768, 12, 12), ("Large", 1024, 24, 16),
    ]
    for (size, hidden, layers, heads) in sizes {
      for (patch, image) in [(16, 224), (32, 224), (16, 384), (32, 384), (14, 224)] {
        let name = "ViT-\(size)/\(patch)" + (image == 224 ? "" : " \(image)")
        list.append(
          (
            name,
            .init(
              .vit, hidden: hidden, layers: layers, heads: heads, patch: patch, image: image)
          ))
      }
    }
    list.append(
      ("ViT-Huge/14", .init(.vit, hidden: 1280, layers: 32, heads: 16, patch: 14)))
    for (size, hidden, layers, heads) in sizes.prefix(3) {
      list.append(
        (
          "DeiT-\(size)/16",
          .init(
            .deit, hidden: hidden, layers: layers, heads: heads,
            head: .distilled(1000))
        ))
    }
    for (size, hidden, layers, heads) in sizes.dropFirst() + [("Giant", 1536, 40, 24)] {
      list.append(
        (
          "DINOv2-\(size)/14",
          .init(
            .dinov2, hidden: hidden, layers: layers, heads: heads,
            feedForward: size == "Giant" ? .gated(4096) : nil, patch: 14, image: 518, head: nil)
        ))
    }
    list += list.filter { $0.1.kind == .dinov2 }.map { name, plain in
      var registered = plain
      registered.kind = .dinov2WithRegisters
      registered.registers = 4
      return ("\(name) with registers", registered)
    }
    return list
  }()

  /// What weights under canonical names, and a configuration beside them, show; nil when they are no vision transformer's.
  init?(_ kind: Kind, canonical shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars) {
    let config = sidecars.modelConfiguration
    guard let projection = shapes["embeddings.patch_embeddings.projection.weight"],
      projection.rank == 4, projection[2] == projection[3],
      let table = shapes["embeddings.position_embeddings"], table.rank == 3,
      projection.allSatisfy({ $0 > 0 }), projection[0] <= 1 << 16
    else { return nil }
    let hidden = projection[0]
    let pattern: NamePattern = "encoder.layer.{i}.*"
    let layers = Set(shapes.shapes.keys.compactMap { pattern.match($0)?.numbers["i"] }).count
    let plain = shapes.first { $0.hasSuffix(".mlp.fc1.weight") }
    let gated = shapes.first { $0.hasSuffix(".mlp.weights_in.weight") }
    guard (1...Self.mostLayers).contains(layers), let wide = plain ?? gated, wide.rank == 2,
      wide[0] > 0
    else { return nil }
    let hasDistillationToken = shapes["embeddings.distillation_token"] != nil
    let leading = hasDistillationToken ? 2 : 1
    let places = [leading, 0].first { Self.side(of: table[1] - $0) != nil }
    guard let places, let grid = Self.side(of: table[1] - places) else { return nil }
    self.init(
      kind, hidden: hidden, layers: layers, heads: max(hidden / 64, 1),
      feedForward: plain == nil ? .gated(wide[0] / 2) : .plain(wide[0]), patch: projection[2],
      image: grid * projection[2], grid: grid, head: nil)
    // timm calls gated layers as it calls plain ones: the second takes half of what the first gives
    if plain != nil, let narrow = shapes.first(where: { $0.hasSuffix(".mlp.fc2.weight") }),
      narrow.rank == 2, narrow[1] == wide[0] / 2, wide[0] > 1
    {
      feedForward = .gated(wide[0] / 2)
    }
    placesLeadingTokens = places > 0
    channels = projection[1]
    self.hasDistillationToken = hasDistillationToken
    registers = shapes["embeddings.register_tokens"].map { $0.rank == 3 ? $0[1] : 0 } ?? 0
    hasBiases = shapes["encoder.layer.0.attention.query.bias"] != nil
    hasLayerScale = shapes["encoder.layer.0.scale1"] != nil
    hasPooler = shapes["pooler.dense.weight"] != nil
    hasPreNorm = shapes["embeddings.pre_norm.weight"] != nil
    hasPatchBias = shapes["embeddings.patch_embeddings.projection.bias"] != nil
    hasMaskToken = shapes["embeddings.mask_token"] != nil
    readHead(shapes)
    if dialect != .huggingFace { epsilon = Self.usualEpsilon }
    if hasPreNorm {
      epsilon = 1e-5
      let name = config?["architecture"]?.string
      if name?.contains("quickgelu") == true { activation = .quickGelu }
      if name == nil { assumptions.append("exact GELU: no configuration says otherwise") }
    }
    read(config, sidecars: sidecars, isOfMeta: dialect == .meta)
  }

  /// The side of a square of so many patches; nil when they make none.
  private static func side(of patches: Int) -> Int? {
    guard (1...(1 << 24)).contains(patches) else { return nil }
    let side = Int(Double(patches).squareRoot().rounded())
    return side * side == patches ? side : nil
  }

  private mutating func readHead(_ shapes: NamedShapes) {
    guard let weight = shapes["classifier.weight"], weight.rank == 2, weight[0] > 0 else { return }
    if shapes["distillation_classifier.weight"] != nil {
      head = .distilled(weight[0])
    } else {
      head = weight[1] == 2 * hidden ? .firstAndMean(weight[0]) : .first(weight[0])
    }
  }

  /// What the weights do not show.
  private mutating func read(_ config: JSONValue?, sidecars: Sidecars, isOfMeta: Bool) {
    if let count = config?["num_attention_heads"]?.integer {
      heads = count
    } else {
      assumptions.append("\(heads) heads of 64, as usual: no configuration says how many")
    }
    if let said = config?["layer_norm_eps"]?.double { epsilon = said }
    if let name = config?["hidden_act"]?.string {
      if let known = Activation(transformers: name) {
        activation = known
      } else {
        contradictions.append("its activation '\(name)' is not known")
      }
    }
    for (key, said) in [
      ("hidden_size", hidden), ("num_hidden_layers", layers), ("patch_size", patch),
    ] {
      if let value = config?[key]?.integer, value != said {
        contradictions.append("the configuration says \(key) \(value), the weights \(said)")
      }
    }
    // The table is stretched to what the pictures are made to; ViT and DeiT have one for their own
    guard kind.isDINO else { return }
    if let size = Preprocessing(sidecars: sidecars)?.outputSize {
      if size.height == size.width, size.height >= patch { image = size.height / patch * patch }
    } else if isOfMeta, patch <= 224, image > 224 {
      image = 224 / patch * patch
      assumptions.append("pictures of \(image) pixels, as its authors use")
    }
  }
}
