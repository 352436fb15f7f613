import BinaryIO
import Training

/// What happens by chance to pictures before they are learnt from.
public struct PictureOptions: Sendable, Hashable {
  /// Of paths, in a table; `TextLearningOptions` has the others.
  public var pathColumn: String?
  /// Whether they are cropped and mirrored.
  public var isAugmented = false
  /// How much brightness, contrast and saturation change.
  public var colour: Double?
  /// The strength of two changes out of fourteen, from 0 to 30.
  public var randAugment: Int?
  /// Mixes pictures and their classes: shares from Beta(α, α).
  public var mixupAlpha = 0.0
  /// Puts a rectangle of another picture into each: shares from Beta(α, α).
  public var cutMixAlpha = 0.0

  public init() {}

  /// Whether a picture is another in each epoch.
  public var isVarying: Bool { augmentation != nil || mixing != nil }

  /// Nil when nothing happens to a picture itself.
  var augmentation: Augmentation? {
    guard isAugmented || colour != nil || randAugment != nil else { return nil }
    return Augmentation(
      crop: isAugmented ? RandomCrop() : nil, flipProbability: isAugmented ? 0.5 : 0,
      jitter: colour.map { ColourJitter(brightness: $0, contrast: $0, saturation: $0) },
      randAugment: randAugment.map { RandAugment(magnitude: $0) })
  }

  /// Nil when pictures are not mixed.
  var mixing: BatchMixing? {
    guard mixupAlpha > 0 || cutMixAlpha > 0 else { return nil }
    return BatchMixing(mixupAlpha: mixupAlpha, cutMixAlpha: cutMixAlpha)
  }

  /// - Throws: `.mismatch` for a number that makes no sense.
  func check() throws {
    func require(_ holds: Bool, _ found: String, _ expected: String) throws {
      if !holds { throw DataError(.mismatch, found, expected: expected) }
    }
    if let colour {
      try require((0...1).contains(colour), "colours changed by \(colour)", "0 to 1")
    }
    if let randAugment {
      try require((0...30).contains(randAugment), "RandAugment of \(randAugment)", "0 to 30")
    }
    for alpha in [mixupAlpha, cutMixAlpha] {
      try require(alpha >= 0 && alpha <= 100, "pictures mixed by \(alpha)", "0 to 100")
    }
  }
}
