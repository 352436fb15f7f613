import Formats
import Menagerie
import Tensors
import TestSupport
import Testing
import Training

/// Batches are counted on from where the file had it: the small ResNet had 1000 in its first normalisation, 1013 in its last.
@Suite struct BatchCounterTests {
  private let runs = TravellingRuns()

  /// How many batches each normalisation has followed, in the file's order.
  private func counts(_ model: Model) throws -> [String: Int] {
    let counters = model.checkpoint.normalised.map(\.entry).filter {
      $0.name.hasSuffix(".num_batches_tracked")
    }
    #expect(counters.allSatisfy { $0.dataType == .int64 && $0.shape == [] })
    return try Dictionary(
      uniqueKeysWithValues: counters.map { ($0.name, try $0.load().integers[0]) })
  }

  private func tuner(
    _ model: String = TravellingRuns.resnet, _ range: Range<Int> = 0..<12,
    _ change: (inout FineTuningOptions) -> Void = { _ in }
  ) throws -> FineTuner {
    var options = runs.options("sgd")
    change(&options)
    return try FineTuner(Model(contentsOf: model), data: runs.data(range), options: options)
  }

  @Test func theFileSaysHowManyThereWere() throws {
    let counts = try counts(Model(contentsOf: TravellingRuns.resnet))
    #expect(counts["bn1.num_batches_tracked"] == 1000)
    #expect(counts["layer2.1.bn2.num_batches_tracked"] == 1007)
    #expect(counts.values.sorted() == Array(1000..<1014))
  }

  /// Where several batches make a step, each is counted.
  @Test(arguments: [1, 2]) func everyBatchIsCounted(accumulation: Int) throws {
    var tuner = try tuner { $0.accumulation = accumulation }
    try tuner.run()
    let before = try counts(Model(contentsOf: TravellingRuns.resnet))
    let file = runs.scratch.file("mine.pth")
    _ = try Converter().convert(tuner.model(), to: file)
    let after = try counts(Model(contentsOf: file))
    #expect(after == before.mapValues { $0 + 6 })
    // As PyTorch's module has it after six batches in training
    #expect(after["layer2.1.bn2.num_batches_tracked"] == 1013)
    // Other runs go on from there
    var other = try self.tuner(file, 0..<3)
    try other.run()
    #expect(try counts(other.model()) == before.mapValues { $0 + 8 })
  }

  @Test func aRunThatGoesOnCountsOn() throws {
    struct Stopped: Error {}
    let folder = runs.scratch.file("run")
    func options(_ options: inout FineTuningOptions) {
      (options.epochs, options.accumulation) = (2, 2)
    }
    var first = try tuner(TravellingRuns.resnet, 0..<12, options)
    #expect(throws: Stopped.self) {
      try first.run(resumingIn: folder, every: 0) { if $0.step == 5 { throw Stopped() } }
    }
    var second = try tuner(TravellingRuns.resnet, 0..<12, options)
    var steps = 0
    try second.run(resumingIn: folder, every: 0) { _ in steps += 1 }
    #expect(steps == 2)
    let before = try counts(Model(contentsOf: TravellingRuns.resnet))
    #expect(try counts(second.model()) == before.mapValues { $0 + 12 })
  }

  @Test func stepsThatAreTakenBackAreNotCounted() throws {
    var tuner = try tuner()
    _ = try tuner.rehearse()
    _ = try tuner.findRate()
    let before = try counts(Model(contentsOf: TravellingRuns.resnet))
    #expect(try counts(tuner.model()) == before)
  }

  /// What is kept of the best epoch is the number that it had.
  @Test func theBestEpochHasItsNumber() throws {
    var tuner = try tuner(TravellingRuns.resnet, 0..<12) {
      ($0.epochs, $0.patience, $0.validationShare, $0.rate) = (20, 0, 0.25, 0.5)
    }
    var losses: [Double] = []
    var steps: [Int] = []
    try tuner.run(report: {
      losses.append($0.validationLoss ?? .nan)
      steps.append($0.step)
    })
    let best = try #require(losses.indices.min { losses[$0] < losses[$1] })
    #expect(best < losses.count - 1, "\(losses)")
    let before = try counts(Model(contentsOf: TravellingRuns.resnet))
    #expect(try counts(tuner.model()) == before.mapValues { $0 + steps[best] })
  }

  /// A normalisation that learns nothing takes the statistics that it has.
  @Test func whatDoesNotFollowBatchesDoesNotCount() throws {
    let before = try counts(Model(contentsOf: TravellingRuns.resnet))
    for method in ["head", "lora"] {
      var tuner = try tuner { $0.method = method }
      try tuner.run()
      #expect(try counts(tuner.model()) == before, "\(method)")
    }
    var tuner = try tuner { $0.frozen = ["layer1.*"] }
    try tuner.run()
    let after = try counts(tuner.model())
    #expect(Set(before.keys.map { $0.hasPrefix("layer1.") }) == [false, true])
    for (name, count) in before {
      #expect(after[name] == count + (name.hasPrefix("layer1.") ? 0 : 6), "\(name)")
    }
  }
}
