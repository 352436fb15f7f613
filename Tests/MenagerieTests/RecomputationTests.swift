import Execution
import Formats
import Menagerie
import Tensors
import Testing
import Training

/// Models of the zoo learn the same bits when their steps keep less.
@Suite struct ZooRecomputationTests {
  private struct End {
    var losses: [Double] = []
    var weights: [[Float]] = []
    var memory: ProgramMemory?
  }

  private func run(
    _ item: TrainingLossTests.Case, recomputes: Bool,
    _ change: (inout FineTuningOptions) -> Void = { _ in }
  ) throws -> End {
    var options = item.options
    options.recomputes = recomputes
    options.dropout = 0.1
    options.epochs = 3
    options.batchSize = 2
    options.accumulation = 2
    change(&options)
    var tuner = try FineTuner(Model(contentsOf: item.model), data: item.data, options: options)
    var end = End()
    try tuner.run(observe: { end.losses.append($0.loss) })
    end.weights = try tuner.model().weights.map { try $0.entry.load().floats }
    end.memory = tuner.session.memory
    return end
  }

  @Test(arguments: TrainingLossTests.cases.filter { $0.optimizer == "adamw" })
  func everyBitIsAsWithoutIt(item: TrainingLossTests.Case) throws {
    let (all, few) = (try run(item, recomputes: false), try run(item, recomputes: true))
    #expect(all.losses == few.losses && all.weights == few.weights)
    let (whole, memory) = (try #require(all.memory), try #require(few.memory))
    #expect(memory.bytesWithoutRecomputation == whole.bytes && whole.recomputedParts == 0)
    // ViT's two layers are too few, tiny as they are
    if !item.description.hasPrefix("vit") {
      #expect(memory.recomputedParts > 0 && memory.bytes < whole.bytes, "\(memory)")
    }
  }

  @Test func adaptersLearnTheSameToo() throws {
    let item = try #require(TrainingLossTests.cases.first { $0.description == "llama by adamw" })
    let ends = try [false, true].map { recomputes in
      try run(item, recomputes: recomputes) { $0.method = "lora" }
    }
    #expect(ends[0].losses == ends[1].losses && ends[0].weights == ends[1].weights)
    #expect(Set(ends[0].losses).count > 1)
    let memory = try #require(ends[1].memory)
    #expect(memory.recomputedParts > 0, "\(memory)")
  }

  @Test func aRehearsalKnowsTheMemory() throws {
    let item = try #require(TrainingLossTests.cases.first { $0.description == "llama by adamw" })
    var options = item.options
    options.recomputes = true
    var tuner = try FineTuner(Model(contentsOf: item.model), data: item.data, options: options)
    #expect(tuner.session.memory == nil)
    _ = try tuner.rehearse()
    let memory = try #require(tuner.session.memory)
    #expect(try #require(memory.bytesWithoutRecomputation) > memory.bytes)
  }
}
