import BinaryIO
import Formats
import JSON
import Menagerie
import NumPyConverter
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Training

/// A run that goes on with the state of an optimiser that a file carries.
@Suite struct OptimizerTravelTests {
  private let runs = TravellingRuns()
  private static let resnet = TravellingRuns.resnet

  /// The same names in the same order, and the same bits.
  private func expectSame(_ a: [TensorEntry], _ b: [TensorEntry]) throws {
    try #require(a.map(\.name) == b.map(\.name) && !a.isEmpty)
    for (one, other) in zip(a, b) {
      #expect(try one.load().isBitEqual(to: other.load()), "\(one.name)")
    }
  }

  @Test(arguments: OptimizerRegistry.names)
  func twoHalvesThroughAFileAreTheWhole(optimizer: String) throws {
    var first = runs.options(optimizer)
    first.optimizerSettings = optimizer == "rmsprop" ? ["momentum": 0.5, "centered": 1] : [:]
    first.rate = 0.003
    first.weightDecay = 0
    let whole = try runs.learn(Self.resnet, 0..<8, first, to: "whole.pth").file
    let half = try runs.learn(Self.resnet, 0..<4, first, to: "half.pth").file
    // Optimiser, rate and settings are those of the file
    let (tuner, rest) = try runs.learn(half, 4..<8, runs.options(nil), to: "rest.pth")
    #expect(tuner.options.optimizer == optimizer && tuner.options.rate == 0.003)
    #expect(tuner.notes.first?.hasPrefix("goes on with the") == true, "\(tuner.notes)")
    let (a, b) = (try Model(contentsOf: whole), try Model(contentsOf: rest))
    try expectSame(a.checkpoint.tensors, b.checkpoint.tensors)
    let (mine, theirs) = (
      try #require(a.checkpoint.optimizer), try #require(b.checkpoint.optimizer)
    )
    #expect(mine.kind == optimizer && mine.steps == theirs.steps)
    try expectSame(mine.entries, theirs.entries)
  }

  @Test(arguments: ["h5", "keras"], ["adam", "adamw", "sgd", "lion"])
  func kerasFilesCarryItToo(format: String, optimizer: String) throws {
    var first = runs.options(optimizer)
    // Keras's momentum has the rate in it, which a power of two leaves exact; its epsilon stands elsewhere
    first.rate = 1.0 / 1024
    // Here norms and biases do not decay, in a file of one group they would
    first.weightDecay = 0
    if optimizer.hasPrefix("adam") { first.optimizerSettings = ["uncorrected_eps": 1] }
    let whole = try runs.learn(Digits.keras, 0..<4, first, to: "whole.\(format)").file
    let half = try runs.learn(Digits.keras, 0..<2, first, to: "half.\(format)").file
    let (tuner, rest) = try runs.learn(half, 2..<4, runs.options(nil), to: "rest.\(format)")
    #expect(tuner.notes[0].contains(" at step 1:") && tuner.options.rate == first.rate)
    let (a, b) = (try Model(contentsOf: whole), try Model(contentsOf: rest))
    try expectSame(a.checkpoint.tensors, b.checkpoint.tensors)
    let (mine, theirs) = (
      try #require(a.checkpoint.optimizer), try #require(b.checkpoint.optimizer)
    )
    #expect(mine.steps == 2 && theirs.steps == 2)
    try expectSame(mine.entries, theirs.entries)
  }

  /// In files of Keras the momentum has the rate in it, and comes out of it rounded.
  @Test(arguments: ["h5", "keras"], [0.02, 0.0003])
  func aMomentumThatHoldsTheRateComesBack(format: String, rate: Double) throws {
    var first = runs.options("sgd")
    (first.rate, first.weightDecay) = (rate, 0)
    let (before, file) = try runs.learn(Digits.keras, 0..<4, first, to: "begun.\(format)")
    let learnt = try #require(try before.modelWithOptimizer().checkpoint.optimizer?.entries)
    let read = try #require(try Model(contentsOf: file).checkpoint.optimizer?.entries)
    #expect(Set(read.map(\.name)) == Set(learnt.map(\.name)) && !read.isEmpty)
    for entry in learnt {
      let (mine, theirs) = (
        try entry.load().floats, try read.first { $0.name == entry.name }?.load().floats ?? []
      )
      #expect(mine.contains { $0 != 0 }, "\(entry.name)")
      #expect(
        mine.elementsEqual(theirs) { abs($0 - $1) <= 2 * $0.ulp }, "\(entry.name)")
    }
    let (tuner, _) = try runs.learn(file, 4..<6, runs.options(nil), to: "rest.\(format)")
    #expect(tuner.notes[0].hasPrefix("goes on with the SGD state"), "\(tuner.notes)")
  }

  /// PyTorch names a head that is the embeddings' table twice, and asks for both.
  @Test func aSecondNameStaysOne() throws {
    let model = try Model(contentsOf: Fixtures.path("decoders/gpt2"))
    var checkpoint = model.checkpoint
    let names = checkpoint.tensors.map(\.name)
    let table = try #require(checkpoint.tensors.first { $0.name.hasSuffix("wte.weight") })
    let shared = try table.load()
    checkpoint.tensors = checkpoint.tensors.map {
      $0.name == table.name ? TensorEntry(name: table.name, shared) : $0
    }
    checkpoint.tensors.append(TensorEntry(name: "lm_head.weight", shared))
    checkpoint.normalised = checkpoint.tensors.map { NormalisedTensor($0) }
    let data = runs.scratch.file("ids.npz")
    let ids = Tensor(shape: [2, 4], [5, 6, 7, 8, 9, 10, 11, 12] as [Int64])
    try NPZ.write([TensorEntry(name: "input_ids", ids)], to: data)
    var tuner = try FineTuner(
      Model(checkpoint, path: "model.pt"), data: data, options: runs.options("adamw"))
    try tuner.run()
    let after = try tuner.modelWithOptimizer().checkpoint
    #expect(after.normalised.map(\.entry.name) == names + ["lm_head.weight"])
    let pair = after.normalised.map(\.entry).filter {
      $0.name == table.name || $0.name == "lm_head.weight"
    }
    #expect(pair.count == 2 && pair[0].identity != nil && pair[0].identity == pair[1].identity)
    #expect(try !pair[0].load().isBitEqual(to: shared))
    // What is remembered is of one weight
    let record = try #require(after.optimizer)
    #expect(record.groups.map(\.parameters) == [names])
    #expect(record.memories.keys.contains(table.name))
    #expect(!record.memories.keys.contains("lm_head.weight"))
  }

  @Test func aLossThatIsNoNumberLosesNoState() throws {
    var wild = runs.options("sgd")
    (wild.rate, wild.epochs) = (1e30, 2)
    let folder = runs.scratch.file("run")
    var tuner = try FineTuner(
      Model(contentsOf: Self.resnet), data: runs.data(0..<4), options: wild)
    let error = #expect(throws: DataError.self) { try tuner.run(resumingIn: folder, every: 0) }
    let words = try #require(error).description
    #expect(words.contains("step 2") && words.contains("learning rate 1e+30"), "\(words)")
    #expect(words.contains("no state was kept") || words.contains("the state of step"))
    // What is kept is never of ruined weights
    if System.names(in: folder).contains("state.safetensors") {
      for entry in try Model(contentsOf: "\(folder)/state.safetensors").checkpoint.tensors {
        #expect(try entry.load().doubles.allSatisfy(\.isFinite), "\(entry.name)")
      }
    }
  }

  @Test func samplesThatWouldRuinTheWeightsCanBeLeftOut() throws {
    let path = runs.scratch.file("holes.npz")
    var numbers = [Float](repeating: 0.25, count: 4 * 3 * 33 * 33)
    numbers[3 * 33 * 33 * 2] = .nan
    try NPZ.write(
      [
        TensorEntry(name: "input", Tensor(shape: [4, 3, 33, 33], numbers)),
        TensorEntry(name: "labels", Tensor([0, 1, 2, 3] as [Int64])),
      ], to: path)
    let model = try Model(contentsOf: Self.resnet)
    var strict = try FineTuner(model, data: path, options: runs.options("adamw"))
    let error = #expect(throws: DataError.self) { try strict.run() }
    #expect(error?.found.contains("samples 2, 3") == true, "\(String(describing: error))")
    var lenient = runs.options("adamw")
    lenient.skipsBad = true
    var tuner = try FineTuner(model, data: path, options: lenient)
    try tuner.run()
    #expect(tuner.skippedSteps.count == 1)
    for entry in try tuner.model().checkpoint.normalised.map(\.entry) {
      #expect(try entry.load().doubles.allSatisfy(\.isFinite), "\(entry.name)")
    }
  }

  @Test func whatIsAskedForCountsMoreThanTheState() throws {
    let file = try runs.learn(Self.resnet, 0..<2, runs.options("adamw"), to: "begun.pth").file
    let model = try Model(contentsOf: file)
    func tuner(_ change: (inout FineTuningOptions) -> Void) throws -> FineTuner {
      var options = runs.options(nil)
      change(&options)
      return try FineTuner(model, data: runs.data(0..<2), options: options)
    }
    let other = try tuner { $0.optimizer = "sgd" }
    #expect(other.notes == ["the AdamW state of begun.pth is left: --optimizer sgd"])
    let fresh = try tuner { $0.beginsAnew = true }
    #expect(fresh.notes == ["the AdamW state of begun.pth is left: --fresh-optimizer"])
    #expect(fresh.options.rate == nil)
    // Adam's moments are AdamW's
    let adam = try tuner {
      $0.optimizer = "adam"
      $0.rate = 0.5
    }
    #expect(adam.options.rate == 0.5 && adam.notes[0].contains("44 of 44"))
  }

  @Test func aNewLastLayerBeginsAnew() throws {
    let file = try runs.learn(Self.resnet, 0..<2, runs.options("adamw"), to: "begun.pth").file
    let tuner = try FineTuner(
      Model(contentsOf: file), data: runs.data(0..<12, classes: 12), options: runs.options(nil))
    #expect(tuner.task.isHeadNew && tuner.notes[0].contains("42 of 44"), "\(tuner.notes)")
  }

  @Test func aFormatWithoutAPlaceLeavesTheStateAndSaysSo() throws {
    let file = try runs.learn(Self.resnet, 0..<2, runs.options("adamw"), to: "begun.pth").file
    let report = try runs.converter
      .convert(file, to: runs.scratch.file("out.safetensors"))
    #expect(report.notes.contains { $0.contains("AdamW at step 1 stays behind") })
    let plain = try Converter().convert(file, to: runs.scratch.file("out.pth"))
    #expect(plain.notes.contains { $0.contains("--with-optimizer takes it along") })
    #expect(try Model(contentsOf: runs.scratch.file("out.pth")).checkpoint.optimizer == nil)
    let error = #expect(throws: DataError.self) {
      try Converter().checkOptimizer(output: "x.safetensors")
    }
    #expect(error?.code == .unsupported && error?.path == "x.safetensors")
    #expect(error?.found == "safetensors has no place for the state of an optimizer")
    #expect(error?.expected?.contains("PyTorch") == true, "\(String(describing: error))")
  }

  @Test func namesKeepTheirPrefix() throws {
    let model = try Model(contentsOf: Self.resnet)
    var checkpoint = model.checkpoint
    checkpoint.tensors = checkpoint.tensors.map { $0.renamed("model.\($0.name)") }
    checkpoint.normalised = checkpoint.tensors.map { NormalisedTensor($0) }
    var tuner = try FineTuner(
      Model(checkpoint, path: "lightning.ckpt"), data: runs.data(0..<2),
      options: runs.options("sgd"))
    try tuner.run()
    let names = try tuner.modelWithOptimizer().checkpoint
    #expect(names.normalised.map(\.entry.name) == checkpoint.tensors.map(\.name))
    #expect(names.optimizer?.memories.keys.allSatisfy { $0.hasPrefix("model.") } == true)
  }
}
