import BinaryIO
import Glibc
import Tensors

/// Chooses tokens for one sequence, and remembers which ones occurred.
struct Sampler: Sendable {
  private let sampling: Sampling
  private var random: RandomNumbers
  /// How often each token was written; 0 for those of the prompt.
  private var counts: [Int: Int] = [:]

  init(_ sampling: Sampling, prompt: [Int], seed: UInt64) {
    self.sampling = sampling
    random = RandomNumbers(seed: seed)
    for id in prompt { counts[id] = 0 }
  }

  /// The next token.
  /// - Throws: `.malformed` when the model's numbers are none.
  mutating func choose(_ logits: ArraySlice<Float>) throws -> Int {
    var logits = Array(logits)
    penalise(&logits)
    let id = sampling.temperature == 0 ? greatest(logits) : draw(logits)
    guard let id else {
      throw DataError(.malformed, "the model gives no numbers for the next token (NaN)")
    }
    counts[id, default: 0] += 1
    return id
  }

  func penalise(_ logits: inout [Float]) {
    let penalty = Float(sampling.repetitionPenalty)
    let (frequency, presence) = (
      Float(sampling.frequencyPenalty), Float(sampling.presencePenalty)
    )
    guard penalty != 1 || frequency != 0 || presence != 0 else { return }
    for (id, count) in counts where logits.indices.contains(id) {
      var logit = logits[id]
      logit = logit < 0 ? logit * penalty : logit / penalty
      if count > 0 { logit -= Float(count) * frequency + presence }
      logits[id] = logit
    }
  }

  private func greatest(_ logits: [Float]) -> Int? {
    var best: Int?
    var value = -Float.infinity
    for (id, logit) in logits.enumerated() where logit > value {
      (best, value) = (id, logit)
    }
    return best
  }

  private mutating func draw(_ logits: [Float]) -> Int? {
    let kept = Candidates(logits, sampling)
    var left = random.unit() * kept.total
    for (id, weight) in zip(kept.ids, kept.weights) {
      left -= weight
      if left < 0 { return id }
    }
    return kept.ids.last
  }
}

/// The tokens that may come next, and how likely they are.
struct Candidates {
  /// The likeliest first, where only some of them are kept.
  private(set) var ids: [Int]
  /// Proportional to the probabilities.
  private(set) var weights: [Double]
  private(set) var total: Double

  /// Ranges of logits in which tokens are counted, so that only those that may be kept need be put in order.
  private static let binCount = 2048
  private static let binsPerUnit = 64.0

  init(_ logits: [Float], _ sampling: Sampling) {
    let temperature = Float(sampling.temperature)
    let scaled = logits.map { $0 / temperature }
    let greatest = scaled.reduce(-Float.infinity) { $1 > $0 ? $1 : $0 }
    ids = []
    weights = []
    total = 0
    guard greatest.isFinite else { return }
    func weight(_ logit: Float) -> Double {
      logit > -.infinity ? exp(Double(logit) - Double(greatest)) : 0
    }
    guard sampling.topK > 0 || sampling.topP < 1 || sampling.minP > 0 else {
      ids = Array(scaled.indices)
      weights = scaled.map(weight)
      total = weights.reduce(0, +)
      return
    }
    let all = scaled.map(weight)
    let order = Candidates.head(scaled, all, greatest: greatest, sampling)
    keep(order, scaled, all, sampling)
  }

  /// The tokens that may be kept and perhaps a few more, the likeliest first.
  private static func head(
    _ logits: [Float], _ weights: [Double], greatest: Float, _ sampling: Sampling
  ) -> [Int] {
    func bin(_ logit: Float) -> Int {
      let distance = (Double(greatest) - Double(logit)) * binsPerUnit
      return distance < Double(binCount - 1) ? Int(distance) : binCount - 1
    }
    var counts = [Int](repeating: 0, count: binCount)
    var masses = [Double](repeating: 0, count: binCount)
    for (id, logit) in logits.enumerated() where !logit.isNaN {
      let bin = bin(logit)
      counts[bin] += 1
      masses[bin] += weights[id]
    }
    let wanted = sampling.topK > 0 ? sampling.topK : Int.max
    // The probability is one of all tokens, or of the k likeliest, which must then all be there
    let ranksFirst = sampling.topK > 0 && sampling.topP < 1
    let mass =
      sampling.topP < 1 && !ranksFirst ? sampling.topP * masses.reduce(0, +) : .infinity
    let least = sampling.minP > 0 && !ranksFirst ? -log(sampling.minP) * binsPerUnit : .infinity
    var (last, count, sum) = (0, 0, 0.0)
    while last < binCount {
      count += counts[last]
      sum += masses[last]
      // Rounding decides nothing here: one bin more is looked at than the sums ask for
      if count >= wanted || sum > mass * (1 + 1e-9) || Double(last) > least { break }
      last += 1
    }
    return logits.indices.filter { !logits[$0].isNaN && bin(logits[$0]) <= last + 1 }
      .sorted { (logits[$1], $0) < (logits[$0], $1) }
  }

  private mutating func keep(
    _ order: [Int], _ logits: [Float], _ all: [Double], _ sampling: Sampling
  ) {
    var order = order[...]
    if sampling.topK > 0, sampling.topK < order.count {
      // Tokens as likely as the last one stay too
      let bound = logits[order[sampling.topK - 1]]
      order = order.prefix { logits[$0] >= bound }
    }
    if sampling.topP < 1 {
      let whole = sampling.topK > 0 ? order.reduce(0) { $0 + all[$1] } : all.reduce(0, +)
      var before = 0.0
      // A token stays while those before it have less than the probability asked for
      let kept = order.prefix { id in
        defer { before += all[id] }
        return before < sampling.topP * whole
      }
      order = kept.isEmpty ? order.prefix(1) : kept
    }
    if sampling.minP > 0 {
      let kept = order.prefix { all[$0] >= sampling.minP }
      order = kept.isEmpty ? order.prefix(1) : kept
    }
    ids = Array(order)
    weights = ids.map { all[$0] }
    total = weights.reduce(0, +)
  }
}
