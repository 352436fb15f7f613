import Tensors
import Testing
import Training

@Suite struct BatchMixingTests {
  /// Pictures whose every number says which it is of.
  static func pictures(_ shape: Shape) -> Tensor {
    let count = shape.elementCount / shape[0]
    return Tensor(shape: shape, (0..<shape.elementCount).map { Float($0 / count) })
  }

  static let targets = Tensor(shape: [4, 4], (0..<16).map { $0 % 5 == 0 ? Float(1) : 0 })

  @Test func mixupTakesOneShareOfPicturesAndTargets() {
    var shares: Set<Float> = []
    for seed in 0..<20 {
      var random = RandomNumbers(seed: UInt64(seed))
      let mixed = BatchMixing(mixupAlpha: 1).applied(
        to: Self.pictures([4, 3, 2, 2]), targets: Self.targets, &random)
      let share = mixed.targets.floats[0]
      shares.insert(share)
      #expect(share >= 0 && share <= 1)
      for sample in 0..<4 {
        let wanted = share * Float(sample) + (1 - share) * Float(3 - sample)
        for place in 0..<12 {
          #expect(abs(mixed.pictures.floats[sample * 12 + place] - wanted) < 1e-5)
        }
        #expect(mixed.targets.floats[sample * 5] == share)
        #expect(abs(mixed.targets.floats[sample * 4 + 3 - sample] - (1 - share)) < 1e-6)
      }
    }
    #expect(shares.count == 20)
  }

  @Test(arguments: [false, true]) func cutMixSharesFollowTheArea(isChannelsLast: Bool) {
    let shape: Shape = isChannelsLast ? [4, 7, 9, 3] : [4, 3, 7, 9]
    var areas: Set<Int> = []
    for seed in 0..<30 {
      var random = RandomNumbers(seed: UInt64(seed))
      let mixed = BatchMixing(mixupAlpha: 0, cutMixAlpha: 1).applied(
        to: Self.pictures(shape), targets: Self.targets, isChannelsLast: isChannelsLast, &random)
      let values = mixed.pictures.floats
      for sample in 0..<4 {
        let own = values[(sample * 189)..<((sample + 1) * 189)]
        let foreign = own.count { $0 == Float(3 - sample) }
        #expect(own.allSatisfy { $0 == Float(sample) || $0 == Float(3 - sample) })
        #expect(foreign % 3 == 0)
        #expect(abs(mixed.targets.floats[sample * 5] - (1 - Float(foreign) / 189)) < 1e-6)
        areas.insert(foreign)
      }
    }
    #expect(areas.count > 8)
  }

  @Test func bothWaysAndNoneOccur() {
    var kinds: [String: Int] = [:]
    for seed in 0..<200 {
      var random = RandomNumbers(seed: UInt64(seed))
      let mixed = BatchMixing(mixupAlpha: 0.4, cutMixAlpha: 1, probability: 0.5).applied(
        to: Self.pictures([4, 1, 16, 16]), targets: Self.targets, &random)
      let values = Set(mixed.pictures.floats)
      let kind =
        values == [0, 1, 2, 3]
        ? (mixed.targets.floats == Self.targets.floats ? "none" : "cut") : "mix"
      kinds[kind, default: 0] += 1
    }
    #expect(kinds["none", default: 0] > 70 && kinds["none", default: 0] < 140)
    #expect(kinds["cut", default: 0] > 20 && kinds["mix", default: 0] > 20)
  }

  /// Mean and deviation of what is drawn, beside those of the distribution.
  @Test(arguments: [(0.2, 0.2), (1.0, 1.0), (2.0, 5.0), (0.01, 0.01)])
  func sharesAreOfTheBetaDistribution(a: Double, b: Double) {
    var random = RandomNumbers(seed: 1)
    let draws = (0..<20_000).map { _ in random.beta(a, b) }
    #expect(draws.allSatisfy { $0 >= 0 && $0 <= 1 })
    let mean = draws.reduce(0, +) / 20_000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
    #expect(abs(mean - a / (a + b)) < 0.02)
    #expect(abs(variance - a * b / ((a + b) * (a + b) * (a + b + 1))) < 0.01)
  }

  @Test func normalNumbersHaveMeanAndDeviation() {
    var random = RandomNumbers(seed: 2)
    let draws = (0..<20_000).map { _ in random.normal() }
    let mean = draws.reduce(0, +) / 20_000
    let variance = draws.reduce(0) { $0 + $1 * $1 } / 20_000
    #expect(abs(mean) < 0.05 && abs(variance - 1) < 0.06)
  }
}
