import Images
import Tensors

/// A few changes out of fourteen, all of one strength.
///
/// - Source: Cubuk et al., "RandAugment" (2019); the changes and their strengths are torchvision's.
public struct RandAugment: Sendable, Hashable {
  /// How many changes, one after the other.
  public var count: Int
  /// Their strength, from 0 to 30.
  public var magnitude: Int

  public init(count: Int = 2, magnitude: Int = 9) {
    precondition(count >= 0 && (0...30).contains(magnitude), "\(count) changes of \(magnitude)")
    self.count = count
    self.magnitude = magnitude
  }

  enum Change: CaseIterable {
    case identity, shearX, shearY, translateX, translateY, rotate, brightness, colour, contrast
    case sharpness, posterize, solarize, autocontrast, equalize
  }

  func applied(to picture: Picture, _ random: inout RandomNumbers) -> Picture {
    var picture = picture
    for _ in 0..<count {
      let change = Change.allCases[random.index(below: Change.allCases.count)]
      let sign = random.index(below: 2) == 0 ? 1.0 : -1.0
      picture = applied(change, sign, to: picture)
    }
    return picture
  }

  func applied(_ change: Change, _ sign: Double, to picture: Picture) -> Picture {
    let part = Double(magnitude) / 30
    switch change {
    case .identity: return picture
    case .shearX: return picture.shearedAcross(sign * 0.3 * part)
    case .shearY: return picture.shearedDown(sign * 0.3 * part)
    case .translateX:
      return picture.translated(x: Int(sign * 150 / 331 * Double(picture.width) * part), y: 0)
    case .translateY:
      return picture.translated(x: 0, y: Int(sign * 150 / 331 * Double(picture.height) * part))
    case .rotate: return picture.rotated(degrees: sign * 30 * part)
    case .brightness: return picture.brightness(1 + sign * 0.9 * part)
    case .colour: return picture.saturation(1 + sign * 0.9 * part)
    case .contrast: return picture.contrast(1 + sign * 0.9 * part)
    case .sharpness: return picture.sharpness(1 + sign * 0.9 * part)
    case .posterize:
      let bits = (Double(magnitude) / (30.0 / 4)).rounded(.toNearestOrEven)
      return picture.posterized(bits: 8 - Int(bits))
    case .solarize: return picture.solarized(threshold: 255 * (1 - part))
    case .autocontrast: return picture.autocontrasted()
    case .equalize: return picture.equalized()
    }
  }
}
