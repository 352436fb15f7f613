import Formats
import JSON
import OrderedCollections
import Tensors

/// CLIP at all its sizes, as far as both towers are transformers.
public struct CLIP: ModelFamily {
  public let name = "CLIP"
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(.huggingFace, anchor: "vision_model.pre_layrnorm.weight"),
      DialectSigns(.openAI, anchor: "visual.ln_pre.weight"),
    ]
  }

  public var variants: [ModelVariant] {
    CLIPConfiguration.named.map { ModelVariant($0.0, $0.1) }
  }

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    guard let map = CLIPConfiguration.nameMap(for: dialect) else { return nil }
    return CLIPConfiguration(
      canonical: shapes.mapped(by: map), config: sidecars.modelConfiguration)
  }
}

extension CLIPConfiguration {
  static let named: [(String, CLIPConfiguration)] = {
    let base = Tower(hidden: 768, layers: 12)
    let large = Tower(hidden: 1024, layers: 24)
    let small = Tower(hidden: 512, layers: 12)
    return [
      ("CLIP ViT-B/32", .init(vision: base, text: small, projection: 512, patch: 32)),
      ("CLIP ViT-B/16", .init(vision: base, text: small, projection: 512, patch: 16)),
      ("CLIP ViT-L/14", .init(vision: large, text: base, projection: 768, patch: 14)),
      (
        "CLIP ViT-L/14@336px",
        .init(vision: large, text: base, projection: 768, patch: 14, image: 336)
      ),
    ]
  }()

  /// Nil when the weights, under canonical names, are no CLIP's.
  init?(canonical shapes: NamedShapes, config: JSONValue?) {
    guard let patches = shapes["vision_model.embeddings.patch_embedding.weight"],
      patches.rank == 4, patches.allSatisfy({ $0 > 0 }), patches[2] == patches[3],
      let places = shapes["vision_model.embeddings.position_embedding.weight"], places.rank == 2,
      let words = shapes["text_model.embeddings.token_embedding.weight"], words.rank == 2,
      let positions = shapes["text_model.embeddings.position_embedding.weight"],
      positions.rank == 2, let projection = shapes["visual_projection.weight"],
      projection.rank == 2
    else { return nil }
    var assumptions: [String] = []
    guard
      let vision = Tower(
        shapes, "vision_model", hidden: patches[0], config?["vision_config"], &assumptions),
      let text = Tower(
        shapes, "text_model", hidden: words[1], config?["text_config"], &assumptions)
    else { return nil }
    let grid = Int(Double(max(places[0] - 1, 0)).squareRoot().rounded())
    guard grid > 0, grid <= 1 << 12, grid * grid == places[0] - 1, patches[2] <= 1 << 12
    else { return nil }
    // Shapes are those of the file, and OpenAI's matrix stands the other way round
    self.init(
      vision: vision, text: text,
      projection: projection[1] == patches[0] ? projection[0] : projection[1], patch: patches[2],
      image: grid * patches[2], vocabulary: words[0], positions: positions[0])
    channels = patches[1]
    self.assumptions = assumptions
    // transformers has 2 in files that were written before it looked for the token: then the largest id is meant
    let end = config?["text_config"]?["eos_token_id"]?.integer ?? 49407
    self.end = end == 2 || end >= words[0] ? nil : end
  }
}

extension CLIPConfiguration.Tower {
  fileprivate init?(
    _ shapes: NamedShapes, _ name: String, hidden: Int, _ config: JSONValue?,
    _ assumptions: inout [String]
  ) {
    let pattern = NamePattern("\(name).encoder.layers.{i}.*")
    let layers = Set(shapes.shapes.keys.compactMap { pattern.match($0)?.numbers["i"] }).count
    guard let wide = shapes["\(name).encoder.layers.0.mlp.fc1.weight"], wide.rank == 2,
      wide[0] > 0, (1...CLIPConfiguration.mostLayers).contains(layers)
    else { return nil }
    self.init(hidden: hidden, layers: layers, intermediate: wide[0])
    if let count = config?["num_attention_heads"]?.integer {
      heads = count
    } else {
      assumptions.append("\(name): \(heads) heads of 64, as usual: no configuration says how many")
    }
    epsilon = config?["layer_norm_eps"]?.double ?? epsilon
    if let said = config?["hidden_act"]?.string {
      guard let known = Activation(transformers: said) else { return nil }
      activation = known
    }
  }
}
