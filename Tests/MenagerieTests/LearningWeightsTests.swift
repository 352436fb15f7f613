import BinaryIO
import Formats
import HuggingFaceConverter
import OrderedCollections
import TestSupport
import Testing
import Training

@testable import Menagerie

/// Which weights learn, and how much: frozen ones, layers in turn, adapters.
@Suite struct LearningWeightsTests {
  private func floats(_ model: Model) throws -> [String: [Float]] {
    try Dictionary(
      uniqueKeysWithValues: model.checkpoint.normalised.map {
        ($0.entry.name, try $0.entry.load().floats)
      })
  }

  @Test func whatIsFrozenStays() throws {
    let scratch = ScratchDirectory()
    let (folder, model) = (
      try Pictures.twoClasses(in: scratch), try Model(contentsOf: Digits.torch)
    )
    var options = Pictures.options("full")
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
    let (folder, model) = (
      try Pictures.twoClasses(in: scratch), try Model(contentsOf: Digits.torch)
    )
    var options = Pictures.options("full")
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
    let (folder, model) = (
      try Pictures.twoClasses(in: scratch), try Model(contentsOf: Digits.torch)
    )
    var options = Pictures.options("full")
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
    let (folder, model) = (
      try Pictures.twoClasses(in: scratch), try Model(contentsOf: Digits.torch)
    )
    var options = Pictures.options("lora")
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
    var options = Pictures.options("lora")
    options.adapter = Fixtures.path("adapters/resnet")
    let before = try PEFTAdapter(contentsOf: Fixtures.path("adapters/resnet"))
    #expect(before.configuration.targets == [".*stages\\.[01].*\\.convolution"])
    let tuner = try FineTuner(model, data: Pictures.twoClasses(in: scratch), options: options)
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
}
