import Formats
import JSON

/// A family of encoders: what its libraries call the weights decides which it is.
public protocol EncoderFamily: ModelFamily {
  static var kind: EncoderConfiguration.Kind { get }

  /// Whether weights whose names several families share are this one's.
  static func takes(_ configuration: EncoderConfiguration, config: JSONValue?) -> Bool
}

extension EncoderFamily {
  public var name: String { Self.kind.rawValue }
  public var variants: [ModelVariant] { EncoderConfiguration.variants(of: Self.kind) }
  public static func takes(_ configuration: EncoderConfiguration, config: JSONValue?) -> Bool {
    true
  }

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    let config = sidecars.modelConfiguration
    let sizes = HeadSizes(shapes)
    let isProjected =
      shapes["layers.dense_1.vars.0"] != nil || shapes["embeddings_projection.weight"] != nil
    // Whose padding is not the usual says so
    let padding = config?["pad_token_id"]?.integer ?? 1
    guard (0..<1 << 20).contains(padding) else { return nil }
    let names =
      dialect == .gguf
      ? EncoderConfiguration.ggufNames(Self.kind, shapes, config: config)
      : EncoderConfiguration.nameMap(
        for: dialect, Self.kind, head: nil, sizes, padding: padding, isProjected: isProjected)
    guard let map = names,
      var seen = EncoderConfiguration(
        Self.kind, canonical: shapes.mapped(by: map, isChanged: true), config: config),
      dialect.isKerasHub
        ? seen.isKerasHubs(dialect, config: config) : Self.takes(seen, config: config)
    else { return nil }
    seen.interface = EncoderInterface(dialect)
    if dialect.isKerasHub { seen.adoptKerasHub(dialect, heads: sizes.heads, config: config) }
    return seen
  }
}

extension EncoderConfiguration {
  public func nameMap(for dialect: Dialect) -> NameMap? {
    dialect == .gguf
      ? ggufNames
      : Self.nameMap(
        for: dialect, kind, head: head,
        HeadSizes(heads: heads, size: heads > 0 ? hidden / heads : 0, hidden: hidden),
        padding: padding, isProjected: embedding != hidden, pooler: hasPooler)
  }

  /// - Parameter head: nil for a table that tells what head there is.
  static func nameMap(
    for dialect: Dialect, _ kind: Kind, head: Head?, _ sizes: HeadSizes, padding: Int = 1,
    isProjected: Bool, pooler: Bool? = nil
  ) -> NameMap? {
    if dialect.isKerasHub {
      return kerasHubNames(
        kind, head: head, sizes, padding: padding, isProjected: isProjected, pooler: pooler)?
        .map(for: dialect)
    }
    guard dialect == .huggingFace else { return nil }
    var isTokens = false
    if case .tokens? = head { isTokens = true }
    let rules: [NameRule] =
      switch kind {
      case .bert: bertNames(isTokens: isTokens)
      case .roberta: robertaNames
      case .distilBERT: distilBERTNames(isTokens: isTokens)
      case .mpnet: mpnetNames
      case .electra: electraNames
      case .albert: albertNames(isTokens: isTokens)
      }
    return NameMap(rules)
  }
}
