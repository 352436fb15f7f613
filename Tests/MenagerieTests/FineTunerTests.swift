import BinaryIO
import Formats
import TestSupport
import Testing
import Zoo

@testable import Menagerie

/// The repository's network of digits learns two classes that it does not have.
@Suite struct FineTunerTests {
  @Test(arguments: ["head", "full"])
  func theLossFallsAndTheResultIsThatOfTheFile(method: String) throws {
    let scratch = ScratchDirectory()
    let model = try Model(contentsOf: Digits.torch)
    var tuner = try FineTuner(
      model, data: Pictures.twoClasses(in: scratch), options: Pictures.options(method))
    #expect(tuner.task.isHeadNew && tuner.task.classes == ["gray", "odd"])
    var losses: [Double] = []
    try tuner.run(report: { losses.append($0.loss) })
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

  @Test func batchesOfAStepAreAsOneBatch() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (
      try Pictures.twoClasses(in: scratch), try Model(contentsOf: Digits.torch)
    )
    func losses(batch: Int, accumulation: Int) throws -> [Double] {
      var options = Pictures.options("head")
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
    var options = Pictures.options("head")
    (options.epochs, options.patience, options.rate) = (40, 1, 1000)
    (options.optimizer, options.validationShare) = ("sgd", 0.34)
    var tuner = try FineTuner(
      Model(contentsOf: Digits.torch), data: Pictures.twoClasses(in: scratch), options: options)
    let history = try tuner.run()
    let losses = try history.epochs.map { try #require($0.validationLoss) }
    #expect(losses.count < 40, "\(losses)")
    let verdict = try #require(try tuner.evaluate())
    #expect(verdict.loss == losses.min())
  }

  @Test func aRehearsalLeavesWeightsAlone() throws {
    let scratch = ScratchDirectory()
    var tuner = try FineTuner(
      Model(contentsOf: Digits.torch), data: Pictures.twoClasses(in: scratch),
      options: Pictures.options("full"))
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
      Model(contentsOf: Digits.torch), data: Pictures.twoClasses(in: scratch),
      options: Pictures.options("full"))
    func weights() throws -> [[Float]] {
      try tuner.model().checkpoint.normalised.map { try $0.entry.load().floats }
    }
    let before = try weights()
    let found = try tuner.findRate()
    #expect(found.points.count > 20)
    #expect(try weights() == before && tuner.epoch == 0)
  }

  @Test func whatTakesNoPictureIsRefused() throws {
    let scratch = ScratchDirectory()
    let text = try Model(contentsOf: Fixtures.path("encoders/bert-tokens"))
    let folder = try Pictures.twoClasses(in: scratch)
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
    let folder = try Pictures.twoClasses(in: scratch)
    let cut = try AtomicFileWriter(path: "\(folder)/odd/9-cut.png")
    let picture = try MappedFile(path: Fixtures.path("images/grey.png")).bytes
    try cut.write(picture[0..<(picture.count / 2)])
    try cut.commit()
    var options = Pictures.options(method)
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
