import Glibc
import Testing
import Training

@Suite struct RateFinderTests {
  /// Losses that fall fastest about 1e-2 and run away above 1.
  func loss(_ rate: Double) -> Double {
    1 - 0.5 * (1 + tanh(log10(rate) + 2)) * 0.8 + max(0, rate - 1) * 20
  }

  @Test func suggestsWhereTheLossFallsFastest() throws {
    var finder = RateFinder()
    var rates: [Double] = []
    while let rate = finder.nextRate {
      rates.append(rate)
      if !finder.observe(loss: loss(rate)) { break }
    }
    #expect(abs(rates[0] - 1e-7) < 1e-20 && rates.count < 100)
    #expect(abs(rates[1] / rates[0] - pow(1e8, 1.0 / 99)) < 1e-12)
    let suggestion = try #require(finder.suggestion)
    #expect(suggestion > 3e-3 && suggestion < 1e-1)
    #expect(finder.points.allSatisfy { $0.rate < 5 })
  }

  @Test func suggestsNothingWhenTheLossNeverFalls() {
    var finder = RateFinder(steps: 20)
    for _ in 0..<20 { _ = finder.observe(loss: 1) }
    #expect(finder.nextRate == nil && finder.points.count == 20 && finder.suggestion == nil)
    var broken = RateFinder()
    #expect(!broken.observe(loss: .nan) && broken.suggestion == nil)
  }
}
