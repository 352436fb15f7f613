import BinaryIO
import Formats
import HuggingFaceConverter
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Training
import Zoo

@testable import Menagerie

/// The repository's network of digits learns two classes that it does not have.
@Suite struct FineTunerTests {
  /// Two classes of a few pictures each.
  private func pictures(in scratch: ScratchDirectory) throws -> String {
    let folder = scratch.file("pictures")
    try System.createDirectory(folder)
    for (name, sources) in [("gray", ["grey.png", "grey.jpg"]), ("odd", ["420.jpg", "444.jpg"])] {
      try System.createDirectory("\(folder)/\(name)")
      for copy in 0..<3 {
        for source in sources {
          let writer = try AtomicFileWriter(path: "\(folder)/\(name)/\(copy)-\(source)")
          try writer.write(MappedFile(path: Fixtures.path("images/\(source)")).bytes)
          try writer.commit()
        }
      }
    }
    return folder
  }

  private func options(_ method: String) -> FineTuningOptions {
    var options = FineTuningOptions()
    options.method = method
    options.epochs = 6
    options.batchSize = 4
    options.schedule = "constant"
    options.rate = 0.002
    options.threads = 1
    return options
  }

  @Test(arguments: ["head", "full"])
  func theLossFallsAndTheResultIsThatOfTheFile(method: String) throws {
    let scratch = ScratchDirectory()
    let model = try Model(contentsOf: Digits.torch)
    var tuner = try FineTuner(
      model, data: pictures(in: scratch), options: options(method))
    #expect(tuner.task.isHeadNew && tuner.task.classes == ["gray", "odd"])
    var losses: [Double] = []
    try tuner.run { _ in
    } report: {
      losses.append($0.loss)
    }
    #expect(losses.count == 6 && losses[5] < 0.8 * losses[0], "\(losses)")
    let path = scratch.file("out.safetensors")
    let report = try Converter().convert(tuner.model(), to: path)
    #expect(report.verification.status == .checked)
    let back = try Model(contentsOf: path)
    #expect(back.labels == ["gray", "odd"])
    #expect(back.recognition?.variant == model.recognition?.variant)
    // Names, types and order are the file's; only what learns has moved
    let (old, new) = (model.checkpoint.tensors, back.checkpoint.tensors)
    #expect(Set(old.map(\.name)) == Set(new.map(\.name)))
    let moved = try old.filter { entry in
      let other = try #require(new.first { $0.name == entry.name })
      return try !entry.load().isBitEqual(to: other.load())
    }
    #expect(method == "full" ? moved.count > 10 : moved.allSatisfy { $0.name.hasPrefix("fc") })
  }

  /// The file has ten already, whose names lie beside it.
  @Test func asManyOtherClassesGetTheirNames() throws {
    let scratch = ScratchDirectory()
    let model = try Model(contentsOf: Digits.torch)
    #expect(model.labels == Digits.names)
    #expect(model.checkpoint.notes.contains { $0.hasPrefix("labels are from") })
    let names = (0..<10).map { "animal \($0)" }
    let (other, isNew) = try model.withClasses(names, seed: 0)
    #expect(!isNew && other.labels == names)
    #expect(other.preprocessing == model.preprocessing)
    #expect(!other.checkpoint.notes.contains { $0.hasPrefix("labels are from") })
    let path = scratch.file("animals.safetensors")
    _ = try Converter().convert(other, to: path)
    #expect(try Model(contentsOf: path).labels == names)
  }

  @Test func aRunThatStoppedEndsWithTheSameWeights() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (try pictures(in: scratch), try Model(contentsOf: Digits.torch))
    struct Stopped: Error {}
    var count = 0
    func run(_ state: String, stoppingAfter steps: Int?) throws -> [String: [Float]] {
      var tuner = try FineTuner(model, data: folder, options: options("full"))
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
    var other = options("full")
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
    let (folder, model) = (try pictures(in: scratch), try Model(contentsOf: Digits.torch))
    let state = scratch.file("state")
    var begun = options("head")
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

  @Test func stoppingInTheMiddleKeepsAveragesBestWeightsAndTheHistory() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (try pictures(in: scratch), try Model(contentsOf: Digits.torch))
    struct Stopped: Error {}
    var options = options("full")
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

  @Test func batchesOfAStepAreAsOneBatch() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (try pictures(in: scratch), try Model(contentsOf: Digits.torch))
    func losses(batch: Int, accumulation: Int) throws -> [Double] {
      var options = options("head")
      (options.batchSize, options.accumulation) = (batch, accumulation)
      (options.optimizer, options.validationShare) = ("sgd", 0)
      var tuner = try FineTuner(model, data: folder, options: options)
      return try tuner.run().steps.map(\.loss)
    }
    // Twelve pictures: the last step of five has two
    let (one, parts) = (
      try losses(batch: 5, accumulation: 1), try losses(batch: 1, accumulation: 5)
    )
    #expect(one.count == 3 * 6 && parts.count == one.count)
    for (a, b) in zip(one, parts) { #expect(abs(a - b) < 1e-5 * abs(a), "\(a) \(b)") }
  }

  @Test func whenNothingGetsBetterItEndsWithTheBest() throws {
    let scratch = ScratchDirectory()
    var options = options("head")
    (options.epochs, options.patience, options.rate) = (40, 1, 1000)
    (options.optimizer, options.validationShare) = ("sgd", 0.34)
    var tuner = try FineTuner(
      Model(contentsOf: Digits.torch), data: pictures(in: scratch), options: options)
    let history = try tuner.run()
    let losses = try history.epochs.map { try #require($0.validationLoss) }
    #expect(losses.count < 40, "\(losses)")
    let verdict = try #require(try tuner.evaluate())
    #expect(verdict.loss == losses.min())
  }

  @Test func aRehearsalLeavesWeightsAlone() throws {
    let scratch = ScratchDirectory()
    var tuner = try FineTuner(
      Model(contentsOf: Digits.torch), data: pictures(in: scratch), options: options("full"))
    func weights() throws -> [[Float]] {
      try tuner.model().checkpoint.normalised.map { try $0.entry.load().floats }
    }
    let before = try weights()
    let found = try tuner.rehearse()
    // Ten of twelve pictures in batches of four, six times
    #expect(found.steps == 3 * 6 && found.seconds > 0 && found.peakResidentBytes > 1 << 20)
    #expect(try weights() == before && tuner.epoch == 0)
  }

  @Test func tryingRatesLeavesWeightsAlone() throws {
    let scratch = ScratchDirectory()
    var tuner = try FineTuner(
      Model(contentsOf: Digits.torch), data: pictures(in: scratch), options: options("full"))
    func weights() throws -> [[Float]] {
      try tuner.model().checkpoint.normalised.map { try $0.entry.load().floats }
    }
    let before = try weights()
    let found = try tuner.findRate()
    #expect(found.points.count > 20)
    #expect(try weights() == before && tuner.epoch == 0)
  }

  private func floats(_ model: Model) throws -> [String: [Float]] {
    try Dictionary(
      uniqueKeysWithValues: model.checkpoint.normalised.map {
        ($0.entry.name, try $0.entry.load().floats)
      })
  }

  @Test func whatIsFrozenStays() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (try pictures(in: scratch), try Model(contentsOf: Digits.torch))
    var options = options("full")
    (options.epochs, options.frozen) = (1, ["*conv1*", "*.bias"])
    var tuner = try FineTuner(model, data: folder, options: options)
    try tuner.run()
    let (before, after) = (try floats(model), try floats(tuner.model()))
    let moved = before.keys.filter { before[$0] != after[$0] }
    #expect(moved.contains { $0.hasSuffix("conv2.weight") })
    #expect(!moved.contains { $0.contains("conv1") || $0.hasSuffix(".bias") && $0 != "fc.bias" })
    options.frozen = ["nothing.*"]
    let error = #expect(throws: DataError.self) {
      try FineTuner(model, data: folder, options: options)
    }
    #expect(error?.description.contains("nothing that learns is called 'nothing.*'") == true)
  }

  @Test func layersAreSetFreeOneAfterTheOther() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (try pictures(in: scratch), try Model(contentsOf: Digits.torch))
    var options = options("full")
    (options.epochs, options.unfreezing) = (2, 1)
    var tuner = try FineTuner(model, data: folder, options: options)
    var moved: [Set<String>] = []
    var last = try floats(tuner.model())
    for _ in 0..<2 {
      try tuner.trainer.runEpoch()
      let now = try floats(tuner.model())
      let learnt = Set(tuner.learning.parameters.map(\.name))
      moved.append(Set(now.keys.filter { now[$0] != last[$0] && learnt.contains($0) }))
      last = now
    }
    #expect(moved[0] == ["fc.weight", "fc.bias"])
    #expect(moved[1].isStrictSuperset(of: moved[0]) && !moved[1].contains("conv1.weight"))
  }

  @Test func layersNearTheInputLearnLess() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (try pictures(in: scratch), try Model(contentsOf: Digits.torch))
    var options = options("full")
    options.layerDecay = 0.5
    let tuner = try FineTuner(model, data: folder, options: options)
    let factors = Dictionary(
      tuner.trainer.optimization.groups.flatMap { group in
        group.parameters.map { ($0.name, group.rateFactor) }
      }, uniquingKeysWith: { a, _ in a })
    #expect(factors["fc.weight"] == 1)
    let stem = try #require(factors["conv1.weight"])
    #expect(stem < 0.1 && factors.values.allSatisfy { $0 >= stem })
  }

  @Test(arguments: [false, true])
  func adaptersLearnAndTheWeightsStay(dora: Bool) throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (try pictures(in: scratch), try Model(contentsOf: Digits.torch))
    var options = options("lora")
    options.rate = 0.02
    options.lowRank = LowRankSettings(rank: 2, alpha: 4, isWeightDecomposed: dora)
    var tuner = try FineTuner(model, data: folder, options: options)
    #expect(tuner.parameterCounts.learning < tuner.parameterCounts.all / 3)
    var losses: [Double] = []
    try tuner.run(report: { losses.append($0.loss) })
    #expect(losses.count == 6 && losses[5] < 0.8 * losses[0], "\(losses)")
    // Beside the model or in it: the same answers
    try tuner.writeAdapter(to: scratch.file("adapter"))
    let merged = try tuner.model()
    let again = try model.mergingAdapter(at: scratch.file("adapter"))
    #expect(again.labels == ["gray", "odd"])
    let (a, b) = (try floats(merged), try floats(again))
    #expect(a == b)
    let before = try floats(model)
    #expect(a["conv1.weight"] != before["conv1.weight"])
    #expect(a["bn1.weight"] == before["bn1.weight"])
    // Learning goes on from it
    options.adapter = scratch.file("adapter")
    let next = try FineTuner(again, data: folder, options: options)
    #expect(next.learning.parameters.count == tuner.learning.parameters.count)
    for (one, other) in zip(next.learning.parameters, tuner.learning.parameters) {
      #expect(one.name == other.name && one.tensor.floats == other.tensor.floats)
    }
  }

  /// Where they were a pattern, which means other modules when it is written as a name.
  @Test func anAdapterThatLearnsOnNamesItsModules() throws {
    let scratch = ScratchDirectory()
    let model = try Model(
      contentsOf: Fixtures.path("architectures/huggingface-resnet-basic"))
    var options = options("lora")
    options.adapter = Fixtures.path("adapters/resnet")
    let before = try PEFTAdapter(contentsOf: Fixtures.path("adapters/resnet"))
    #expect(before.configuration.targets == [".*stages\\.[01].*\\.convolution"])
    let tuner = try FineTuner(model, data: pictures(in: scratch), options: options)
    try tuner.writeAdapter(to: scratch.file("adapter"))
    let after = try PEFTAdapter(contentsOf: scratch.file("adapter"))
    let adapted = Set(
      before.tensors.keys.compactMap { name in
        name.hasSuffix(".lora_A.weight") ? String(name.dropLast(".lora_A.weight".count)) : nil
      })
    #expect(!adapted.isEmpty && Set(after.configuration.targets) == adapted)
    #expect(Set(before.tensors.keys).isSubset(of: after.tensors.keys))
    // Two classes instead of ten: the new layer is in it, whole
    #expect(tuner.task.isHeadNew && after.configuration.saved == ["classifier.1"])
    #expect(after.tensors["classifier.1.weight"]?.shape[0] == 2)
  }

  @Test func whatTakesNoPictureIsRefused() throws {
    let scratch = ScratchDirectory()
    let text = try Model(contentsOf: Fixtures.path("encoders/bert-tokens"))
    let folder = try pictures(in: scratch)
    let error = #expect(throws: DataError.self) { try FineTuner(text, data: folder) }
    #expect(error?.description.contains("is nothing that") == true)
    #expect(error?.description.contains("for a model that takes one picture") == true)
    // Who names the task hears what it lacks
    var options = FineTuningOptions()
    options.task = "pictures"
    let named = #expect(throws: DataError.self) {
      try FineTuner(text, data: folder, options: options)
    }
    #expect(named?.description.contains("does not take one picture") == true)
  }

  @Test(arguments: ["head", "full"])
  func badPicturesAreLeftOutWhenAsked(method: String) throws {
    let scratch = ScratchDirectory()
    let folder = try pictures(in: scratch)
    let cut = try AtomicFileWriter(path: "\(folder)/odd/9-cut.png")
    let picture = try MappedFile(path: Fixtures.path("images/grey.png")).bytes
    try cut.write(picture[0..<(picture.count / 2)])
    try cut.commit()
    var options = options(method)
    (options.validationShare, options.epochs, options.batchSize) = (0, 2, 1)
    let model = try Model(contentsOf: Digits.torch)
    var strict = try FineTuner(model, data: folder, options: options)
    let error = #expect(throws: DataError.self) { try strict.run() }
    #expect(error?.description.contains("9-cut.png") == true)
    options.skipsBad = true
    var tuner = try FineTuner(model, data: folder, options: options)
    var steps = 0
    try tuner.run { _ in steps += 1 }
    #expect(steps == 2 * 12)
    #expect(tuner.task.skipped.map(\.description).filter { $0.contains("9-cut.png") }.count == 1)
  }
}
