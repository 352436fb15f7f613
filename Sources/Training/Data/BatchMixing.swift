import Tensors

/// Pictures of a batch mixed with one another, and what is wanted of them in the same shares.
///
/// The batch is mixed with itself in reverse, by one share: evenly (mixup), or a rectangle of each (CutMix).
/// - Source: Zhang et al., "mixup" (2017); Yun et al., "CutMix" (2019); of both, timm's Mixup by the batch.
public struct BatchMixing: Sendable, Hashable {
  /// Shares are drawn from Beta(α, α); 0 never mixes so.
  public var mixupAlpha: Double
  public var cutMixAlpha: Double
  /// How likely a batch is mixed at all.
  public var probability: Double
  /// How likely a rectangle is taken, where both ways are on.
  public var cutMixProbability: Double

  public init(
    mixupAlpha: Double = 0.2, cutMixAlpha: Double = 0, probability: Double = 1,
    cutMixProbability: Double = 0.5
  ) {
    precondition(mixupAlpha >= 0 && cutMixAlpha >= 0, "α of \(mixupAlpha) and \(cutMixAlpha)")
    self.mixupAlpha = mixupAlpha
    self.cutMixAlpha = cutMixAlpha
    self.probability = probability
    self.cutMixProbability = cutMixProbability
  }

  /// The batch and its targets, mixed.
  ///
  /// - Parameters:
  ///   - pictures: `[N, C, H, W]`, or `[N, H, W, C]` when `isChannelsLast`.
  ///   - targets: `[N, classes]`: each class's share.
  ///   - random: of this batch alone, such as `RandomNumbers(seed:_:)` of epoch and batch.
  public func applied(
    to pictures: Tensor, targets: Tensor, isChannelsLast: Bool = false,
    _ random: inout RandomNumbers
  ) -> (pictures: Tensor, targets: Tensor) {
    precondition(
      pictures.shape.rank == 4 && targets.shape.rank == 2
        && targets.shape[0] == pictures.shape[0],
      "pictures \(pictures.shape) and targets \(targets.shape)")
    let isMixed = random.unit() < probability
    let takesRectangle =
      cutMixAlpha > 0 && (mixupAlpha <= 0 || random.unit() < cutMixProbability)
    let alpha = takesRectangle ? cutMixAlpha : mixupAlpha
    guard isMixed, alpha > 0, pictures.shape[0] > 1, pictures.elementCount > 0 else {
      return (pictures, targets)
    }
    var share = random.beta(alpha, alpha)
    let mixed: Tensor
    if takesRectangle {
      let height = pictures.shape[isChannelsLast ? 1 : 2]
      let width = pictures.shape[isChannelsLast ? 2 : 3]
      let (rows, columns) = rectangle(1 - share, height, width, &random)
      share = 1 - Double(rows.count * columns.count) / Double(height * width)
      mixed = replacing(rows, columns, of: pictures, isChannelsLast)
    } else {
      mixed = mean(pictures, share)
    }
    return (mixed, mean(targets, share))
  }

  /// `share` of each sample, the rest of its counterpart.
  private func mean(_ tensor: Tensor, _ share: Double) -> Tensor {
    let values = tensor.floats
    let count = values.count / tensor.shape[0]
    let (own, other) = (Float(share), Float(1 - share))
    var result = values
    for sample in 0..<tensor.shape[0] {
      let (start, counterpart) = (sample * count, (tensor.shape[0] - 1 - sample) * count)
      for place in 0..<count {
        result[start + place] = own * values[start + place] + other * values[counterpart + place]
      }
    }
    return Tensor(shape: tensor.shape, result)
  }

  /// A rectangle with a share of the area about a point anywhere, cut off at the edges.
  private func rectangle(
    _ share: Double, _ height: Int, _ width: Int, _ random: inout RandomNumbers
  ) -> (rows: Range<Int>, columns: Range<Int>) {
    func part(_ extent: Int) -> Range<Int> {
      let length = Int(Double(extent) * share.squareRoot())
      let middle = random.index(below: extent)
      let start = max(middle - length / 2, 0)
      return start..<min(middle + (length + 1) / 2, extent)
    }
    let rows = part(height)
    return (rows, part(width))
  }

  private func replacing(
    _ rows: Range<Int>, _ columns: Range<Int>, of tensor: Tensor, _ isChannelsLast: Bool
  ) -> Tensor {
    let shape = tensor.shape
    let values = tensor.floats
    var result = values
    // As planes of rows of pixels: one plane of pixels of all channels when these lie last
    let planes = isChannelsLast ? 1 : shape[1]
    let (height, width) = isChannelsLast ? (shape[1], shape[2]) : (shape[2], shape[3])
    let pixel = isChannelsLast ? shape[3] : 1
    for sample in 0..<shape[0] {
      for plane in 0..<planes {
        let start = (sample * planes + plane) * height
        let counterpart = ((shape[0] - 1 - sample) * planes + plane) * height
        for row in rows {
          for place in (columns.lowerBound * pixel)..<(columns.upperBound * pixel) {
            result[(start + row) * width * pixel + place] =
              values[(counterpart + row) * width * pixel + place]
          }
        }
      }
    }
    return Tensor(shape: shape, result)
  }
}
