import BinaryIO
import JSON
import OrderedCollections
import TestSupport
import Testing
import Training

/// The rates of torch.optim.lr_scheduler and of transformers: `scripts/fixtures/training_schedules.py`.
@Suite struct ScheduleTests {
  struct Case: Sendable, CustomStringConvertible {
    let schedule: String
    let settings: [String: Double]
    let warmup: Int
    let sign: Double
    let rates: [Double]

    init(_ json: JSONValue) {
      schedule = json["schedule"]?.string ?? "plateau"
      settings = (json["settings"]?.object ?? [:]).reduce(into: [:]) {
        $0[$1.key] = $1.value.double
      }
      warmup = json["warmup"]?.integer ?? 0
      sign = json["sign"]?.double ?? 1
      rates = json["rates"]?.doubles ?? []
    }

    var description: String { "\(schedule) \(settings.sorted { $0.key < $1.key })" }
  }

  static let golden =
    (try? JSONValue(parsing: Fixtures.bytes("training/schedules.json"))) ?? .null
  static let cases = golden["cases"]?.array?.map(Case.init) ?? []
  static let plateaus = golden["plateaus"]?.array?.map(Case.init) ?? []
  static let metrics = golden["metrics"]?.doubles ?? []
  static let base = golden["base"]?.double ?? .nan
  static let total = golden["total"]?.integer ?? 0

  @Test func thereAreCasesOfEverySchedule() {
    #expect(Set(Self.cases.map(\.schedule) + ["plateau"]) == Set(ScheduleRegistry.names))
    #expect(Self.plateaus.count == 3)
  }

  @Test(arguments: cases) func ratesAreThoseOfTheLibraries(item: Case) throws {
    let rate = LearningRate(
      Self.base,
      try ScheduleRegistry.schedule(named: item.schedule, settings: item.settings),
      totalSteps: Self.total, warmupSteps: item.warmup)
    #expect(item.rates.count == Self.total)
    for (step, wanted) in item.rates.enumerated() {
      let found = rate.rate(at: step)
      #expect(abs(found - wanted) <= 1e-12 * Self.base, "step \(step)")
    }
  }

  @Test(arguments: plateaus) func plateausAreFoundWhereTorchFindsThem(item: Case) throws {
    var rate = LearningRate(
      Self.base, try ScheduleRegistry.schedule(named: "plateau", settings: item.settings),
      totalSteps: 100)
    for (place, (metric, wanted)) in zip(Self.metrics, item.rates).enumerated() {
      rate.schedule.observe(item.sign * metric, isLoss: item.sign > 0)
      #expect(abs(rate.rate(at: place) - wanted) <= 1e-12, "after \(place + 1) metrics")
      // A run that is resumed here goes on alike.
      var other = try ScheduleRegistry.schedule(named: "plateau", settings: item.settings)
      other.memory = rate.schedule.memory
      rate.schedule = other
    }
    #expect(Set(item.rates).count > 1)
  }

  @Test(arguments: ScheduleRegistry.names) func nothingHappensBeyondTheEnd(name: String) throws {
    let schedule = try ScheduleRegistry.schedule(named: name)
    for total in [0, 1, 2, 3, 10] {
      for step in [0, 1, total, total + 1, 10 * total + 7] {
        let factor = schedule.factor(at: step, of: total)
        #expect(factor >= 0 && factor <= 1, "\(step) of \(total)")
      }
    }
  }

  @Test func namesThatAreNoneAreAnsweredWithThoseThatAre() {
    do {
      _ = try ScheduleRegistry.schedule(named: "cosin")
      Issue.record("'cosin' is a schedule")
    } catch {
      #expect(
        "\(error)" == "there is no schedule 'cosin'; expected constant, step, cosine, linear, "
          + "polynomial, one-cycle, plateau")
    }
  }
}
