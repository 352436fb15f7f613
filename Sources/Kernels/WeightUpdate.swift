import CKernels

/// One step of an optimiser over the weights of a parameter, which are changed where they lie.
///
/// Every element is computed by itself, and sums run in blocks of a fixed size: nothing depends on
/// the number of threads. Hyper-parameters are PyTorch's, and go through its arithmetic: constants
/// are computed in Double, elements in float32.
public enum WeightUpdate {
  private static let grain = 16384

  /// Stochastic gradient descent; `buffer` is the momentum, nil without one.
  ///
  /// - Parameter isFirst: whether the buffer holds nothing yet.
  public static func sgd(
    _ weights: FloatView, gradient: FloatView, buffer: FloatView?, rate: Double, momentum: Double,
    dampening: Double, weightDecay: Double, nesterov: Bool, isFirst: Bool, pool: ThreadPool? = nil
  ) {
    let step = mng_sgd_step(
      rate: Float(rate), momentum: Float(momentum), gain: Float(1 - dampening),
      decay: Float(weightDecay), nesterov: nesterov ? 1 : 0, first: isFirst ? 1 : 0)
    let count = weights.count
    runParallel(pool, count: count, grain: grain) { range in
      var step = step
      let start = range.lowerBound
      let memory = unsafe buffer.map { unsafe $0.writing(count, "momentum") + start }
      unsafe mng_sgd_f32(
        &step, range.count, gradient.reading(count, "gradient") + start, memory,
        weights.writing(count, "weights") + start)
    }
  }

  /// Adam and AdamW; `largest` is AMSGrad's running maximum, nil without it.
  ///
  /// - Parameters:
  ///   - step: counted from 1, for the corrections of bias.
  ///   - isDecoupled: whether weights decay by themselves (AdamW) or through the gradient.
  public static func adam(
    _ weights: FloatView, gradient: FloatView, first: FloatView, second: FloatView,
    largest: FloatView?, step: Int, rate: Double, beta1: Double, beta2: Double, epsilon: Double,
    weightDecay: Double, isDecoupled: Bool, pool: ThreadPool? = nil
  ) {
    let constants = mng_adam_step(
      rate: Float(rate / (1 - power(beta1, step))),
      root: Float((1 - power(beta2, step)).squareRoot()), first_share: Float(1 - beta1),
      second_keep: Float(beta2), second_share: Float(1 - beta2), epsilon: Float(epsilon),
      decay: isDecoupled ? 0 : Float(weightDecay),
      keep: isDecoupled ? Float(1 - rate * weightDecay) : 1)
    let count = weights.count
    runParallel(pool, count: count, grain: grain) { range in
      var constants = constants
      let start = range.lowerBound
      let most = unsafe largest.map { unsafe $0.writing(count, "largest") + start }
      unsafe mng_adam_f32(
        &constants, range.count, gradient.reading(count, "gradient") + start,
        first.writing(count, "first moment") + start,
        second.writing(count, "second moment") + start, most,
        weights.writing(count, "weights") + start)
    }
  }

  /// RMSprop; `mean` is the gradient's average, nil unless centred; `buffer` the momentum.
  public static func rmsprop(
    _ weights: FloatView, gradient: FloatView, square: FloatView, mean: FloatView?,
    buffer: FloatView?, rate: Double, alpha: Double, epsilon: Double, momentum: Double,
    weightDecay: Double, pool: ThreadPool? = nil
  ) {
    let step = mng_rmsprop_step(
      rate: Float(rate), keep: Float(alpha), share: Float(1 - alpha), epsilon: Float(epsilon),
      momentum: Float(momentum), decay: Float(weightDecay))
    let count = weights.count
    runParallel(pool, count: count, grain: grain) { range in
      var step = step
      let start = range.lowerBound
      let average = unsafe mean.map { unsafe $0.writing(count, "average") + start }
      let memory = unsafe buffer.map { unsafe $0.writing(count, "momentum") + start }
      unsafe mng_rmsprop_f32(
        &step, range.count, gradient.reading(count, "gradient") + start,
        square.writing(count, "square") + start, average, memory,
        weights.writing(count, "weights") + start)
    }
  }

  /// Lion, whose weights decay by themselves.
  public static func lion(
    _ weights: FloatView, gradient: FloatView, average: FloatView, rate: Double, beta1: Double,
    beta2: Double, weightDecay: Double, pool: ThreadPool? = nil
  ) {
    let step = mng_lion_step(
      rate: Float(rate), first_share: Float(1 - beta1), second_share: Float(1 - beta2),
      keep: Float(1 - rate * weightDecay))
    let count = weights.count
    runParallel(pool, count: count, grain: grain) { range in
      var step = step
      let start = range.lowerBound
      unsafe mng_lion_f32(
        &step, range.count, gradient.reading(count, "gradient") + start,
        average.writing(count, "average") + start, weights.writing(count, "weights") + start)
    }
  }

  /// `average += share (values - average)`.
  public static func approach(
    _ average: FloatView, _ values: FloatView, share: Double, pool: ThreadPool? = nil
  ) {
    let count = average.count
    runParallel(pool, count: count, grain: grain) { range in
      unsafe mng_approach_f32(
        range.count, Float(share), values.reading(count, "values") + range.lowerBound,
        average.writing(count, "average") + range.lowerBound)
    }
  }

  /// The sum of the squares, in Double.
  public static func sumOfSquares(_ values: FloatView, pool: ThreadPool? = nil) -> Double {
    let (count, block) = (values.count, 32768)
    return orderedSum(count: (count + block - 1) / block, pool: pool) { index, sum in
      let start = index * block
      unsafe mng_sum_of_squares_f32(
        min(block, count - start), values.reading(count) + start, &sum)
    }
  }

  /// The sum of what `term` gives for `0..<count`, added up in this order on any number of threads.
  static func orderedSum(
    count: Int, grain: Int = 1, pool: ThreadPool?, _ term: @Sendable (Int, inout Double) -> Void
  ) -> Double {
    // Sendable: each index is written by the one thread that computes it.
    let sums = unsafe [Double](unsafeUninitializedCapacity: count) { target, filled in
      unsafe target.initialize(repeating: 0)
      filled = count
      nonisolated(unsafe) let target = unsafe target
      runParallel(pool, count: count, grain: grain) { range in
        for index in range { unsafe term(index, &target[index]) }
      }
    }
    return sums.reduce(0, +)
  }

  /// `base` to the power of a step's number.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, max(exponent, 0))
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }
}
