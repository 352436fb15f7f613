import BinaryIO
import Formats
import JSON
import Menagerie
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// States of optimisers from one library's files to another's.
@Suite struct OptimizerConversionTests {
  private let runs = TravellingRuns()

  /// That all of `a` is in `b`, bit for bit.
  private func expect(_ a: OptimizerRecord, in b: OptimizerRecord) throws {
    #expect(!a.entries.isEmpty)
    for entry in a.entries {
      let other = try b.entries.first { $0.name == entry.name }?.load()
      #expect(try other?.isBitEqual(to: entry.load()) == true, "\(entry.name)")
    }
  }

  private func expectSame(_ a: OptimizerRecord, _ b: OptimizerRecord) throws {
    #expect(Set(a.entries.map(\.name)) == Set(b.entries.map(\.name)))
    try expect(a, in: b)
    #expect(a.kind == b.kind && a.groups.count == b.groups.count && !a.groups.isEmpty)
    for (name, memory) in a.memories { #expect(memory.steps == b.memories[name]?.steps, "\(name)") }
    // In whatever order
    func plain(_ group: OptimizerRecord.Group) -> [String: JSONValue] {
      Dictionary(uniqueKeysWithValues: group.settings.elements.map { ($0.key, $0.value) })
    }
    for (one, other) in zip(a.groups, b.groups) {
      #expect(Set(one.parameters) == Set(other.parameters))
      #expect(plain(one) == plain(other))
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
    // Each library has a name of its own for the last layer
    func ofLayer(_ entry: TensorEntry) -> String {
      entry.name.split(separator: ".").suffix(2).joined(separator: ".")
    }
    try #require(Set(moving.map(ofLayer)) == Set(learnt.entries.map(ofLayer)))
    #expect(moving.count == 4 && learnt.entries.count == 4)
    for entry in learnt.entries {
      let other = try moving.first { ofLayer($0) == ofLayer(entry) }?.load()
      #expect(try other?.isBitEqual(to: entry.load()) == true, "\(entry.name)")
    }
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
    try expect(before, in: after)
    // What did not learn is remembered by zeros
    let names = Set(before.entries.map(\.name))
    let others = after.entries.filter { !names.contains($0.name) }
    #expect(!others.isEmpty)
    for entry in others { #expect(try entry.load().floats.allSatisfy { $0 == 0 }, "\(entry.name)") }
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
    // Keras has rates in float32
    (options.rate, options.weightDecay) = (1.0 / 1024, 0)
    let source = Fixtures.path("architectures/\(network)/model.pth")
    let begun = try runs.learn(source, 0..<2, options, to: "begun.pth").file
    let there = runs.scratch.file("there.\(format)")
    #expect(try runs.converter.convert(begun, to: there).verification.status == .checked)
    let back = runs.scratch.file("back.pth")
    _ = try runs.converter.convert(there, to: back)
    let before = try #require(try Model(contentsOf: begun).checkpoint.optimizer)
    let after = try #require(try Model(contentsOf: back).checkpoint.optimizer)
    try expectSame(before, after)
    #expect(before.groups.map(\.parameters) == after.groups.map(\.parameters))
    #expect(after.memories.values.allSatisfy { $0.steps == 1 })
    let inKeras = try #require(try Model(contentsOf: there).checkpoint.optimizer)
    #expect(inKeras.entries.count == before.entries.count)
  }
}
