import BinaryIO

/// The families of architectures; a new one is a folder and a line.
public struct Catalogue: Sendable {
  public var families: [any ModelFamily]

  public init(families: [any ModelFamily]) { self.families = families }

  /// The families that the project has.
  public static let standard = Catalogue(families: [
    ResNet(),
    MobileNetV2(),
    VisionTransformer(.vit),
    VisionTransformer(.deit),
    VisionTransformer(.dinov2),
    VisionTransformer(.dinov2WithRegisters),
    CLIP(),
    Decoder(),
    BERT(),
    RoBERTa(),
    DistilBERT(),
    MPNet(),
    ELECTRA(),
    ALBERT(),
    ModernBERT(),
    NomicBERT(),
    GPT2(),
    T5(),
  ])

  /// Every variant that has a name, family by family.
  public var variants: [ModelVariant] { families.flatMap(\.variants) }

  /// The variant of that name; `resnet50` and `ResNet-50` are the same.
  /// - Throws: `DataError` `.unsupported`, with names that are alike.
  public func variant(named name: String) throws -> ModelVariant {
    let plain = Self.plain(name)
    if let variant = variants.first(where: { Self.plain($0.name) == plain }) { return variant }
    let alike = variants.map(\.name).filter {
      let other = Self.plain($0)
      return other.hasPrefix(plain) || plain.hasPrefix(other) || other.hasPrefix(plain.prefix(5))
    }
    throw DataError(
      .unsupported, "there is no architecture '\(name)'",
      expected: (alike.isEmpty ? variants.map(\.name) : alike).joined(separator: ", "))
  }
}
