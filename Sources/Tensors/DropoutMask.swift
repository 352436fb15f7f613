/// Which elements a step drops, by chance that depends on nothing but the seed, the step, the place in the graph and the
/// element's number: neither on threads nor on what was drawn before.
///
/// - Source: Philox4x32 of ten rounds, of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
public struct DropoutMask: Sendable, Hashable {
  public var seed: UInt64
  public var step: UInt32
  /// Tells places in a graph apart.
  public var stream: UInt32
  /// The share that is dropped.
  public let rate: Double

  /// - Parameter rate: at least 0 and below 1.
  public init(seed: UInt64, step: UInt32, stream: UInt32, rate: Double) {
    precondition((0..<1).contains(rate), "a rate of \(rate)")
    self.seed = seed
    self.step = step
    self.stream = stream
    self.rate = rate
  }

  /// Elements whose number is below it are dropped.
  public var threshold: UInt32 {
    UInt32(min((rate * 0x1p32).rounded(), Double(UInt32.max)))
  }

  /// What elements that stay are multiplied with, so that the expectation stays.
  public var scale: Double { 1 / (1 - rate) }

  /// What element `index` is multiplied with: 0, or `scale`.
  public func factor(_ index: UInt64) -> Double { word(index) < threshold ? 0 : scale }

  /// From the first element of a row of so many to the next row's: whole groups of numbers.
  public static func stride(of columns: Int) -> Int { (columns + 63) / 64 * 64 }

  /// The number of element `index`: 64 of them have 16 blocks of four words together, so that vectors of 16 fit.
  func word(_ index: UInt64) -> UInt32 {
    let block = index / 64 * 16 + index % 16
    let counter = SIMD4<UInt32>(
      UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), step, stream)
    let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    return DropoutMask.philox(counter, key: key)[Int(index % 64 / 16)]
  }

  /// The block of a counter.
  static func philox(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (x, key) = (counter, key)
    for _ in 0..<10 {
      let first = x[0].multipliedFullWidth(by: 0xD251_1F53)
      let second = x[2].multipliedFullWidth(by: 0xCD9E_8D57)
      x = SIMD4(second.high ^ x[1] ^ key[0], second.low, first.high ^ x[3] ^ key[1], first.low)
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return x
  }
}
