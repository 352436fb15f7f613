import BinaryIO
import Testing
import Training

@Suite struct LowRankSettingsTests {
  @Test(arguments: [
    LowRankSettings(rank: 1), LowRankSettings(rank: 65_536), LowRankSettings(alpha: 1e-6),
    LowRankSettings(dropout: 0), LowRankSettings(dropout: 0.999),
  ])
  func whatMakesSenseIsTaken(settings: LowRankSettings) throws { try settings.check() }

  @Test(arguments: [
    (LowRankSettings(rank: 0), "adapters of rank 0"),
    (LowRankSettings(rank: -1), "adapters of rank -1"),
    (LowRankSettings(rank: 65_537), "adapters of rank 65537"),
    (LowRankSettings(alpha: 0), "an alpha of 0.0"),
    (LowRankSettings(alpha: -1), "an alpha of -1.0"),
    (LowRankSettings(alpha: .infinity), "an alpha of inf"),
    (LowRankSettings(alpha: .nan), "an alpha of nan"),
    (LowRankSettings(dropout: 1), "a dropout of 1.0"),
    (LowRankSettings(dropout: -0.1), "a dropout of -0.1"),
    (LowRankSettings(dropout: .nan), "a dropout of nan"),
  ])
  func whatMakesNoneIsRefused(settings: LowRankSettings, words: String) {
    let error = #expect(throws: DataError.self) { try settings.check() }
    #expect(error?.code == .mismatch && error?.found == words)
  }

  @Test func theScaleFallsWithTheRankOrItsRoot() {
    #expect(LowRankSettings(rank: 4, alpha: 8).scale == 2)
    #expect(LowRankSettings(rank: 4, alpha: 8, isRankStabilised: true).scale == 4)
  }
}
