import BinaryIO
import Formats
import Menagerie
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// States of optimisers from one library's files to another's.
@Suite struct OptimizerConversionTests {
  private let runs = TravellingRuns()

  private func expectSame(_ a: OptimizerRecord, _ b: OptimizerRecord) throws {
    #expect(Set(a.entries.map(\.name)) == Set(b.entries.map(\.name)) && !a.entries.isEmpty)
    for entry in a.entries {
      let other = try b.entries.first { $0.name == entry.name }?.load()
      #expect(try other?.isBitEqual(to: entry.load()) == true, "\(entry.name)")
    }
  }

  /// Keras remembers all weights or none: others than the head have zeros.
  @Test(arguments: ["h5", "keras"], [Digits.keras, Digits.torch])
  func aHeadThatLearntAloneGoesToKeras(format: String, source: String) throws {
    var options = runs.options("adam")
    options.method = "head"
    options.optimizerSettings = ["uncorrected_eps": 1]
    let (tuner, file) = try runs.learn(source, 0..<4, options, to: "head.\(format)")
    let learnt = try #require(try tuner.modelWithOptimizer().checkpoint.optimizer)
    let read = try #require(try Model(contentsOf: file).checkpoint.optimizer)
    #expect(learnt.memories.count == 2 && read.memories.count > 2 && read.steps == 2)
    let moving = try read.entries.filter { try $0.load().floats.contains { $0 != 0 } }
    #expect(moving.count == learnt.entries.count)
    let again = try FineTuner(
      Model(contentsOf: file), data: runs.data(0..<4, isKeras: true), options: runs.options(nil))
    #expect(again.notes[0].hasPrefix("goes on with the Adam state"), "\(again.notes)")
  }

  @Test func aHeadOfPyTorchGoesToKerasAndComesBack() throws {
    var options = runs.options("adamw")
    (options.method, options.weightDecay) = ("head", 0)
    let begun = try runs.learn(Digits.torch, 0..<4, options, to: "head.pth").file
    let report = try runs.converter.convert(begun, to: runs.scratch.file("head.keras"))
    #expect(report.verification.status == .checked)
    #expect(report.notes.contains { $0.hasPrefix("Keras adds epsilon") }, "\(report.notes)")
    let back = runs.scratch.file("back.pth")
    _ = try runs.converter.convert(runs.scratch.file("head.keras"), to: back)
    let before = try #require(try Model(contentsOf: begun).checkpoint.optimizer)
    let after = try #require(try Model(contentsOf: back).checkpoint.optimizer)
    #expect(before.memories.count == 2)
    for entry in before.entries {
      let other = try after.entries.first { $0.name == entry.name }?.load()
      #expect(try other?.isBitEqual(to: entry.load()) == true, "\(entry.name)")
    }
  }

  /// Keras's own names, of a file with a graph of its own, become those of the zoo's network and come back.
  @Test(arguments: ["full", "head"]) func kerassStateComesBackFromPyTorch(method: String) throws {
    var options = runs.options("adamw")
    (options.method, options.weightDecay) = (method, 0)
    let begun = try runs.learn(Digits.keras, 0..<4, options, to: "begun.h5").file
    let there = runs.scratch.file("there.pth")
    let report = try runs.converter.convert(begun, to: there)
    #expect(!report.notes.contains { $0.contains("stays behind") }, "\(report.notes)")
    let before = try #require(try Model(contentsOf: begun).checkpoint.optimizer)
    let between = try #require(try Model(contentsOf: there).checkpoint.optimizer)
    #expect(between.memories.count == 38 && between.steps == 2)
    _ = try runs.converter.convert(there, to: runs.scratch.file("back.h5"))
    let after = try Model(contentsOf: runs.scratch.file("back.h5")).checkpoint.optimizer
    try expectSame(before, #require(after))
  }

  /// PyTorch's SGD and Lion count no steps, and Keras remembers nothing before the first.
  @Test(arguments: ["sgd", "lion"], ["h5", "keras"])
  func whatCountsNoStepsIsRememberedByKeras(optimizer: String, format: String) throws {
    var options = runs.options(optimizer)
    (options.rate, options.weightDecay) = (1.0 / 1024, 0)
    let begun = try runs.learn(Digits.torch, 0..<4, options, to: "begun.pth").file
    let before = try #require(try Model(contentsOf: begun).checkpoint.optimizer)
    #expect(before.steps == nil)
    let there = runs.scratch.file("there.\(format)")
    _ = try runs.converter.convert(begun, to: there)
    #expect(try Model(contentsOf: there).checkpoint.optimizer?.steps == 1)
    _ = try runs.converter.convert(there, to: runs.scratch.file("back.pth"))
    let after = try Model(contentsOf: runs.scratch.file("back.pth")).checkpoint.optimizer
    try expectSame(before, #require(after))
  }

  /// Kernels, depthwise kernels and dense weights have other axes in Keras.
  @Test(arguments: ["torchvision-mobilenetv2", "torchvision-resnet-bottleneck"], ["h5", "keras"])
  func pyTorchsStateComesBackFromKeras(network: String, format: String) throws {
    var options = runs.options("adamw")
    options.weightDecay = 0
    let source = Fixtures.path("architectures/\(network)/model.pth")
    let begun = try runs.learn(source, 0..<2, options, to: "begun.pth").file
    let there = runs.scratch.file("there.\(format)")
    #expect(try runs.converter.convert(begun, to: there).verification.status == .checked)
    let back = runs.scratch.file("back.pth")
    _ = try runs.converter.convert(there, to: back)
    let before = try #require(try Model(contentsOf: begun).checkpoint.optimizer)
    let after = try #require(try Model(contentsOf: back).checkpoint.optimizer)
    try expectSame(before, after)
    #expect(after.memories.values.allSatisfy { $0.steps == 1 })
    let inKeras = try #require(try Model(contentsOf: there).checkpoint.optimizer)
    #expect(inKeras.entries.count == before.entries.count)
  }
}
