import Glibc
import Images
import Tensors

/// What happens to a picture by chance before it is learnt from, so that no two epochs are alike.
///
/// First a part is cut out and brought to the model's size, then it is mirrored, then colours change. Normalisation comes last.
public struct Augmentation: Sendable, Hashable {
  /// The part that is used; nil uses what the model's preprocessing does.
  public var crop: RandomCrop?
  /// How likely left and right are exchanged.
  public var flipProbability: Double
  public var jitter: ColourJitter?
  public var randAugment: RandAugment?

  public init(
    crop: RandomCrop? = RandomCrop(), flipProbability: Double = 0.5, jitter: ColourJitter? = nil,
    randAugment: RandAugment? = nil
  ) {
    self.crop = crop
    self.flipProbability = flipProbability
    self.jitter = jitter
    self.randAugment = randAugment
  }

  /// The picture in the size that the preprocessing gives.
  public func applied(
    to picture: Picture, _ preprocessing: Preprocessing, _ random: inout RandomNumbers
  ) -> Picture {
    var picture = picture
    if let crop {
      let part = crop.part(of: picture, &random)
      let size = preprocessing.outputSize ?? .init(height: picture.height, width: picture.width)
      picture = picture.cropped(x: part.x, y: part.y, width: part.width, height: part.height)
        .resized(width: size.width, height: size.height, preprocessing.interpolation)
    } else {
      picture = preprocessing.framed(picture)
    }
    // Drawn in any case, so that a setting does not change the draws of another.
    if random.unit() < flipProbability { picture = picture.flipped() }
    if let randAugment { picture = randAugment.applied(to: picture, &random) }
    if let jitter { picture = jitter.applied(to: picture, &random) }
    return picture
  }
}

/// A part of a random size and shape.
///
/// - Source: torchvision's RandomResizedCrop.
public struct RandomCrop: Sendable, Hashable {
  /// The share of the picture's area.
  public var scale: Range<Double>
  /// Width over height, its logarithm evenly spread.
  public var ratio: Range<Double>

  public init(scale: Range<Double> = 0.08..<1, ratio: Range<Double> = 3.0 / 4..<4.0 / 3) {
    precondition(scale.lowerBound >= 0 && ratio.lowerBound > 0, "a crop of \(scale), \(ratio)")
    self.scale = scale
    self.ratio = ratio
  }

  func part(
    of picture: Picture, _ random: inout RandomNumbers
  ) -> (x: Int, y: Int, width: Int, height: Int) {
    let (width, height) = (picture.width, picture.height)
    let area = Double(width * height)
    for _ in 0..<10 {
      let wanted = area * random.uniform(in: scale)
      let shape = exp(random.uniform(in: log(ratio.lowerBound)..<log(ratio.upperBound)))
      let w = Int((wanted * shape).squareRoot().rounded(.toNearestOrEven))
      let h = Int((wanted / shape).squareRoot().rounded(.toNearestOrEven))
      if w > 0, w <= width, h > 0, h <= height {
        let y = random.index(below: height - h + 1)
        return (random.index(below: width - w + 1), y, w, h)
      }
    }
    // The middle, as much of it as has a shape that is allowed.
    let shape = Double(width) / Double(height)
    var (w, h) = (width, height)
    if shape < ratio.lowerBound {
      h = min(max(Int((Double(w) / ratio.lowerBound).rounded()), 1), height)
    } else if shape > ratio.upperBound {
      w = min(max(Int((Double(h) * ratio.upperBound).rounded()), 1), width)
    }
    return ((width - w) / 2, (height - h) / 2, w, h)
  }
}

/// Brightness, contrast, saturation and hue, each changed by up to its amount, in a random order.
///
/// - Source: torchvision's ColorJitter.
public struct ColourJitter: Sendable, Hashable {
  public var brightness: Double
  public var contrast: Double
  public var saturation: Double
  /// At most 0.5: half of the circle.
  public var hue: Double

  public init(
    brightness: Double = 0.4, contrast: Double = 0.4, saturation: Double = 0.4, hue: Double = 0
  ) {
    precondition(hue >= 0 && hue <= 0.5, "hues turned by \(hue)")
    self.brightness = brightness
    self.contrast = contrast
    self.saturation = saturation
    self.hue = hue
  }

  func applied(to picture: Picture, _ random: inout RandomNumbers) -> Picture {
    var order = [0, 1, 2, 3]
    random.shuffle(&order)
    let draws = (0..<4).map { _ in random.unit() }
    func factor(_ amount: Double, _ draw: Double) -> Double {
      let least = max(1 - amount, 0)
      return least + draw * (1 + amount - least)
    }
    var picture = picture
    for step in order {
      switch step {
      case 0 where brightness > 0: picture = picture.brightness(factor(brightness, draws[0]))
      case 1 where contrast > 0: picture = picture.contrast(factor(contrast, draws[1]))
      case 2 where saturation > 0: picture = picture.saturation(factor(saturation, draws[2]))
      case 3 where hue > 0: picture = picture.hue(hue * (2 * draws[3] - 1))
      default: break
      }
    }
    return picture
  }
}
