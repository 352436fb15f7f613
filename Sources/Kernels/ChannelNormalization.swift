import CKernels

/// Normalisation of channels by the batch's own statistics, over `[rows, channels]`, and its gradient.
///
/// - Types: sums go by pieces of so many rows as follow from the extents, so that they depend on no number of threads.
public struct ChannelNormalization: Sendable {
  public let rows: Int
  public let channels: Int
  public let epsilon: Double
  private let pieceRows: Int
  private let pieces: Int

  public init(rows: Int, channels: Int, epsilon: Double) {
    precondition(rows > 0 && channels > 0)
    self.rows = rows
    self.channels = channels
    self.epsilon = epsilon
    // Short ones: floats add up within a piece, and lose little there; and it stays in the second cache level
    pieceRows = min(rows, max(16, min(256, 32768 / channels)))
    pieces = (rows + pieceRows - 1) / pieceRows
  }

  /// Floats of scratch that both directions want.
  public var scratchCount: Int { (3 * pieces + 3) * channels }

  /// `result = clamp((x - mean) / √(variance + epsilon) * scale + bias + residual)`.
  ///
  /// - Shapes: `mean` and `variance`, which are found, `[channels]`. The result may be the residual's memory.
  public func normalise(
    _ x: FloatView, scale: FloatView, bias: FloatView, residual: FloatView? = nil,
    clamp: Clamp = .none, mean: FloatView, variance: FloatView, into result: FloatView,
    scratch: FloatView, pool: ThreadPool? = nil
  ) {
    let (pieceRows, rows, channels) = (pieceRows, rows, channels)
    forPieces(pool) { piece in
      let (first, count) = (piece * pieceRows, min(pieceRows, rows - piece * pieceRows))
      let sums = sums(scratch, piece)
      unsafe mng_channel_moments_f32(
        count, channels, x.reading(rows * channels, "input") + first * channels,
        sums.writing(channels), sums.writing(2 * channels) + channels,
        sums.writing(3 * channels) + 2 * channels)
    }
    let (factor, summand) = (factors(scratch, 0), factors(scratch, 1))
    runParallel(pool, count: channels, grain: 64) { range in
      for c in range {
        let (middle, spread) = moments(scratch, c)
        (mean[c], variance[c]) = (Float(middle), Float(spread))
        let gain = Double(scale[c]) / (spread + epsilon).squareRoot()
        factor[c] = Float(gain)
        // The mean in floats is a little beside the mean
        summand[c] = Float(Double(bias[c]) + (Double(mean[c]) - middle) * gain)
      }
    }
    runParallel(pool, count: rows, grain: max(1, 16384 / channels)) { range in
      let start = range.lowerBound * channels
      unsafe mng_affine_sum_f32(
        range.count, channels, x.reading(rows * channels) + start, mean.reading(channels),
        factor.reading(channels), summand.reading(channels),
        residual.map { unsafe $0.reading(rows * channels) + start },
        clamp.minimum, clamp.maximum, result.writing(rows * channels) + start)
    }
  }

  /// Where `gate` is given, only what flows where it is above zero counts.
  ///
  /// - Shapes: `byScale` and `byBias` `[channels]`; the result, by x, may be the memory of `flow`.
  public func gradient(
    _ flow: FloatView, gate: FloatView? = nil, at x: FloatView, scale: FloatView, mean: FloatView,
    variance: FloatView, into result: FloatView, byScale: FloatView, byBias: FloatView,
    scratch: FloatView, pool: ThreadPool? = nil
  ) {
    let (pieceRows, rows, channels) = (pieceRows, rows, channels)
    forPieces(pool) { piece in
      let (first, count) = (piece * pieceRows, min(pieceRows, rows - piece * pieceRows))
      let (start, all) = (first * channels, rows * channels)
      let sums = sums(scratch, piece)
      unsafe mng_channel_products_f32(
        count, channels, flow.reading(all, "gradient") + start,
        gate.map { unsafe $0.reading(all, "gate") + start }, x.reading(all, "input") + start,
        mean.reading(channels), sums.writing(channels), sums.writing(2 * channels) + channels)
    }
    let (factor, slope, level) = (factors(scratch, 0), factors(scratch, 1), factors(scratch, 2))
    runParallel(pool, count: channels, grain: 64) { range in
      for c in range {
        let (sum, along) = totals(scratch, c)
        let inverse = 1 / (Double(variance[c]) + epsilon).squareRoot()
        byBias[c] = Float(sum)
        byScale[c] = Float(along * inverse)
        let gain = Double(scale[c]) * inverse
        factor[c] = Float(gain)
        slope[c] = Float(-gain * inverse * inverse * along / Double(rows))
        level[c] = Float(sum / Double(rows))
      }
    }
    runParallel(pool, count: rows, grain: max(1, 16384 / channels)) { range in
      let (start, all) = (range.lowerBound * channels, rows * channels)
      unsafe mng_channel_blend_f32(
        range.count, channels, flow.reading(all) + start,
        gate.map { unsafe $0.reading(all) + start }, x.reading(all) + start,
        level.reading(channels), factor.reading(channels), mean.reading(channels),
        slope.reading(channels), result.writing(all) + start)
    }
  }

  private func forPieces(_ pool: ThreadPool?, _ body: @Sendable (Int) -> Void) {
    runParallel(pool, count: pieces) { range in for piece in range { body(piece) } }
  }

  /// A channel's mean and variance, from how each piece lies about a centre of its own.
  private func moments(_ scratch: FloatView, _ channel: Int) -> (mean: Double, variance: Double) {
    func piece(_ index: Int) -> (count: Double, centre: Double, first: Double, second: Double) {
      let start = 3 * index * channels + channel
      return (
        Double(min(pieceRows, rows - index * pieceRows)), Double(scratch[start]),
        Double(scratch[start + channels]), Double(scratch[start + 2 * channels])
      )
    }
    var mean = 0.0
    for index in 0..<pieces {
      let own = piece(index)
      mean += (own.count * own.centre + own.first) / Double(rows)
    }
    var squares = 0.0
    for index in 0..<pieces {
      let own = piece(index)
      let aside = own.centre - mean
      squares += own.second + aside * (2 * own.first + own.count * aside)
    }
    return (mean, max(0, squares / Double(rows)))
  }

  /// A channel's two sums over all pieces.
  private func totals(_ scratch: FloatView, _ channel: Int) -> (Double, Double) {
    var (first, second) = (0.0, 0.0)
    for piece in 0..<pieces {
      let start = 3 * piece * channels + channel
      first += Double(scratch[start])
      second += Double(scratch[start + channels])
    }
    return (first, second)
  }

  /// What a piece leaves, up to three numbers for each channel.
  private func sums(_ scratch: FloatView, _ piece: Int) -> FloatView {
    scratch[(3 * piece * channels)..<(3 * (piece + 1) * channels)]
  }

  /// Numbers for each channel, behind the sums.
  private func factors(_ scratch: FloatView, _ index: Int) -> FloatView {
    let start = (3 * pieces + index) * channels
    return scratch[start..<(start + channels)]
  }
}
