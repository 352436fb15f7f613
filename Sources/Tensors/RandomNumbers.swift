/// Random numbers that a seed determines, on every machine.
///
/// - Source: xoshiro256** 1.0 of Blackman and Vigna (prng.di.unimi.it), its state from the seed by SplitMix64.
public struct RandomNumbers: Sendable, Hashable, RandomNumberGenerator {
  private var words: (UInt64, UInt64, UInt64, UInt64)

  public init(seed: UInt64) {
    var x = seed
    words = (mixed(&x), mixed(&x), mixed(&x), mixed(&x))
  }

  /// The numbers of one place in a larger plan: of an epoch, of a sample in it.
  ///
  /// Other places have numbers that share nothing with these.
  public init(seed: UInt64, _ place: Int...) {
    var x = seed
    for part in place {
      x = mixed(&x) ^ UInt64(bitPattern: Int64(part)) &* 0xD6E8_FEB8_6659_FD93
    }
    self.init(seed: x)
  }

  /// Four words from which the numbers go on where they stopped.
  public var state: [UInt64] { [words.0, words.1, words.2, words.3] }

  /// The numbers that follow a `state`; nil unless it is four words that are not all zero.
  public init?(state: [UInt64]) {
    guard state.count == 4, state.contains(where: { $0 != 0 }) else { return nil }
    words = (state[0], state[1], state[2], state[3])
  }

  public mutating func next() -> UInt64 {
    func turned(_ x: UInt64, _ k: UInt64) -> UInt64 { x << k | x >> (64 - k) }
    let result = turned(words.1 &* 5, 7) &* 9
    let shifted = words.1 << 17
    words.2 ^= words.0
    words.3 ^= words.1
    words.1 ^= words.2
    words.0 ^= words.3
    words.2 ^= shifted
    words.3 = turned(words.3, 45)
    return result
  }

  /// At least 0 and below 1, in steps of 2⁻⁵³.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// At least `range`'s lower bound and below its upper one.
  public mutating func uniform(in range: Range<Double>) -> Double {
    range.lowerBound + unit() * (range.upperBound - range.lowerBound)
  }

  /// At least 0 and below `bound`, each number as likely as another.
  ///
  /// - Source: Lemire, "Fast Random Integer Generation in an Interval" (2019).
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0, "no index below \(bound)")
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// Changes the order of `elements`; each is as likely as another.
  ///
  /// - Source: Fisher and Yates, in Durstenfeld's form.
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, index(below: last + 1))
    }
  }

  public static func == (left: RandomNumbers, right: RandomNumbers) -> Bool {
    left.words == right.words
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(state) }
}

/// The next number of SplitMix64.
private func mixed(_ x: inout UInt64) -> UInt64 {
  x &+= 0x9E37_79B9_7F4A_7C15
  var z = x
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}
