import BinaryIO
import Formats
import TestSupport
import Testing

@testable import Menagerie

/// A run that stopped goes on as if it had not.
@Suite struct ResumptionTests {
  @Test func aRunThatStoppedEndsWithTheSameWeights() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (
      try Pictures.twoClasses(in: scratch), try Model(contentsOf: Digits.torch)
    )
    struct Stopped: Error {}
    var count = 0
    func run(_ state: String, stoppingAfter steps: Int?) throws -> [String: [Float]] {
      var tuner = try FineTuner(model, data: folder, options: Pictures.options("full"))
      count = 0
      try tuner.run(resumingIn: scratch.file(state), every: 0) { _ in
        count += 1
        if count == steps { throw Stopped() }
      }
      return try Dictionary(
        uniqueKeysWithValues: tuner.model().checkpoint.normalised.map {
          ($0.entry.name, try $0.entry.load().floats)
        })
    }
    let whole = try run("whole", stoppingAfter: nil)
    let steps = count
    #expect(throws: Stopped.self) { try run("parts", stoppingAfter: 5) }
    #expect(try run("parts", stoppingAfter: nil) == whole)
    // Four were kept
    #expect(count == steps - 4 && steps > 5)
    // Another run does not go on from it
    var other = Pictures.options("full")
    other.rate = 0.5
    var tuner = try FineTuner(model, data: folder, options: other)
    let error = #expect(throws: DataError.self) {
      try tuner.run(resumingIn: scratch.file("parts"))
    }
    #expect(error?.description.contains("begun with --lr 0.002, not 0.5") == true)
  }

  /// What a person hears when another run lies in the folder, with the names that can be typed.
  @Test func aRunThatWasBegunOtherwiseDoesNotGoOn() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (
      try Pictures.twoClasses(in: scratch), try Model(contentsOf: Digits.torch)
    )
    let state = scratch.file("state")
    var begun = Pictures.options("head")
    (begun.epochs, begun.optimizer, begun.averageDecay) = (1, "sgd", 0.5)
    var tuner = try FineTuner(model, data: folder, options: begun)
    try tuner.run(resumingIn: state)
    func refusal(_ change: (inout FineTuningOptions) -> Void) throws -> String? {
      var options = begun
      change(&options)
      var tuner = try FineTuner(model, data: folder, options: options)
      return #expect(throws: DataError.self) { try tuner.run(resumingIn: state) }?.found
    }
    #expect(
      try refusal { $0.averageDecay = 0.9 } == "the run was begun with --ema 0.5, not 0.9")
    #expect(try refusal { $0.averageDecay = nil } == "the run was begun with --ema 0.5")
    #expect(try refusal { $0.patience = 3 } == "the run was begun without --early-stopping 3")
    #expect(try refusal { $0.shuffles = false } == "the run was begun without --no-shuffle")
    #expect(
      try refusal { $0.pictures.randAugment = 9 } == "the run was begun without --rand-augment 9")
    #expect(
      try refusal { $0.optimizerSettings["momentum"] = 0.5 }
        == "the run was begun without --momentum 0.5")
    #expect(
      try refusal { $0.optimizerSettings["dampening"] = 0.5 }
        == "the run was begun with --optimizer sgd, not sgd (dampening 0.5)")
    // Saying what was guessed is no other run
    var named = begun
    named.task = PictureTask.name
    var again = try FineTuner(model, data: folder, options: named)
    try again.run(resumingIn: state)
  }

  /// What a person who stops the run is told.
  @Test func aRunTellsAfterWhichStepItsStateGoesOn() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (
      try Pictures.twoClasses(in: scratch), try Model(contentsOf: Digits.torch)
    )
    struct Stopped: Error {}
    var (step, kept) = (0, [Int]())
    func run(stoppingAfter last: Int?) throws {
      var tuner = try FineTuner(model, data: folder, options: Pictures.options("full"))
      try tuner.run(resumingIn: scratch.file("state"), every: 0) {
        step = $0.step
        if step == last { throw Stopped() }
      } kept: {
        #expect($0 == step)
        kept.append($0)
      }
    }
    #expect(throws: Stopped.self) { try run(stoppingAfter: 1) }
    #expect(kept == [])
    step = 0
    #expect(throws: Stopped.self) { try run(stoppingAfter: 3) }
    #expect(kept == [1, 2])
    (step, kept) = (2, [])
    try run(stoppingAfter: nil)
    #expect(kept.first == 2 && kept.last == step && kept == Array(2...step))
  }

  @Test func stoppingInTheMiddleKeepsAveragesBestWeightsAndTheHistory() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (
      try Pictures.twoClasses(in: scratch), try Model(contentsOf: Digits.torch)
    )
    struct Stopped: Error {}
    var options = Pictures.options("full")
    (options.averageDecay, options.patience, options.accumulation) = (0.9, 2, 2)
    (options.schedule, options.batchSize, options.validationShare) = ("plateau", 2, 0.34)
    options.pictures.isAugmented = true
    options.pictures.mixupAlpha = 0.4
    var count = 0
    func run(_ state: String, stoppingAfter steps: Int?) throws -> ([[Float]], RunHistory) {
      var tuner = try FineTuner(model, data: folder, options: options)
      count = 0
      let history = try tuner.run(resumingIn: scratch.file(state), every: 0) { _ in
        count += 1
        if count == steps { throw Stopped() }
      }
      return try (tuner.model().checkpoint.normalised.map { try $0.entry.load().floats }, history)
    }
    let (weights, history) = try run("whole", stoppingAfter: nil)
    let steps = count
    for stop in [3, 2] {
      #expect(throws: Stopped.self) { try run("parts", stoppingAfter: stop) }
    }
    let (again, resumed) = try run("parts", stoppingAfter: nil)
    #expect(again == weights)
    // Two were kept, then one more
    #expect(count == steps - 3 && steps > 4)
    #expect(resumed.steps.map(\.step) == Array(1...history.steps.count))
    #expect(resumed.steps.map(\.loss) == history.steps.map(\.loss))
    #expect(resumed.epochs.map(\.validationLoss) == history.epochs.map(\.validationLoss))
    // The log in the folder says the same
    let log = try RunHistory(log: "\(scratch.file("parts"))/history.jsonl")
    #expect(log.lines == resumed.lines)
    #expect(!resumed.epochs.isEmpty)
  }
}
