import Testing

@testable import Tensors

@Suite struct DropoutMaskTests {
  /// Those of Random123's own tests, `philox4x32 10`.
  @Test func blocksAreThoseOfThePaper() {
    let none = DropoutMask.philox(SIMD4(repeating: 0), key: SIMD2(repeating: 0))
    #expect(none == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    let full = DropoutMask.philox(SIMD4(repeating: .max), key: SIMD2(repeating: .max))
    #expect(full == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    let pi = DropoutMask.philox(
      SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
      key: SIMD2(0xA409_3822, 0x299F_31D0))
    #expect(pi == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  static let count = 200_000

  private func factors(_ mask: DropoutMask) -> [Double] {
    (0..<Self.count).map { mask.factor(UInt64($0)) }
  }

  @Test(arguments: [0.1, 0.5, 0.9])
  func expectationAndVarianceAreThoseOfTheRate(rate: Double) {
    let drawn = factors(DropoutMask(seed: 3, step: 17, stream: 99, rate: rate))
    let mean = drawn.reduce(0, +) / Double(Self.count)
    let variance = drawn.reduce(0) { $0 + ($1 - 1) * ($1 - 1) } / Double(Self.count)
    let expected = rate / (1 - rate)
    // Five standard deviations of the mean, and of the mean of squares
    #expect(abs(mean - 1) < 5 * (expected / Double(Self.count)).squareRoot())
    #expect(abs(variance - expected) < 0.05 * expected)
  }

  /// Neighbours, steps, places and seeds have nothing in common.
  @Test func drawsAreIndependent() {
    let mask = DropoutMask(seed: 3, step: 17, stream: 99, rate: 0.5)
    var others = [mask, mask, mask]
    others[0].seed = 4
    others[1].step = 18
    others[2].stream = 100
    let mine = factors(mask)
    func correlation(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - 1) * ($1.1 - 1) } / Double(min(a.count, b.count))
    }
    let bound = 5 / Double(Self.count).squareRoot()
    for other in others { #expect(abs(correlation(mine, factors(other))) < bound) }
    for distance in [1, 16, 64] {
      #expect(abs(correlation(mine, Array(mine.dropFirst(distance)))) < bound)
    }
  }

  @Test func aRateOfZeroDropsNothing() {
    let mask = DropoutMask(seed: 3, step: 17, stream: 99, rate: 0)
    #expect((0..<1000).allSatisfy { mask.factor($0) == 1 })
  }
}
