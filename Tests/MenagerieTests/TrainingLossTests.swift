import BinaryIO
import Formats
import JSON
import Menagerie
import Tensors
import TestSupport
import Testing
import Training

/// Ten steps on arrays beside PyTorch's: `scripts/fixtures/training_losses.py`.
@Suite struct TrainingLossTests {
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    let model: String
    let data: String
    let optimizer: String
    let rate: Double
    let weightDecay: Double
    let losses: [Double]

    init(_ json: JSONValue) {
      description = json["name"]?.string ?? "?"
      model = Fixtures.path(json["model"]?.string ?? "?")
      data = Fixtures.path(json["data"]?.string ?? "?")
      optimizer = json["optimizer"]?.string ?? "?"
      rate = json["rate"]?.double ?? .nan
      weightDecay = json["weightDecay"]?.double ?? .nan
      losses = json["losses"]?.doubles ?? []
    }

    var options: FineTuningOptions {
      var options = FineTuningOptions()
      options.method = "full"
      options.optimizer = optimizer
      options.rate = rate
      options.weightDecay = weightDecay
      options.schedule = "constant"
      options.validationShare = 0
      options.shuffles = false
      options.dropout = 0
      return options
    }
  }

  static let cases =
    ((try? JSONValue(parsing: Fixtures.bytes("training/losses.json")))?.array ?? []).map(Case.init)

  @Test func thereAreCasesOfBothOptimizers() {
    #expect(Self.cases.count == 12 && Set(Self.cases.map(\.optimizer)) == ["sgd", "adamw"])
  }

  @Test(arguments: cases) func losesAsPyTorchDoes(item: Case) throws {
    var options = item.options
    options.epochs = item.losses.count
    var tuner = try FineTuner(Model(contentsOf: item.model), data: item.data, options: options)
    #expect(tuner.task is ArrayTask && !tuner.task.isHeadNew)
    var losses: [Double] = []
    try tuner.run(observe: { losses.append($0.loss) })
    #expect(losses.count == item.losses.count)
    for (step, (found, expected)) in zip(losses, item.losses).enumerated() {
      #expect(
        abs(found - expected) <= 1e-4 * expected,
        "\(item), step \(step + 1): \(found), not \(expected)")
    }
  }

  /// Rounded products learn nearly the same, and not the same.
  @Test(arguments: cases.filter { ["bert by adamw", "llama by sgd"].contains($0.description) })
  func losesLikeThatInBFloat16(item: Case) throws {
    var options = item.options
    options.epochs = item.losses.count
    options.products = .bfloat16
    var tuner = try FineTuner(Model(contentsOf: item.model), data: item.data, options: options)
    var losses: [Double] = []
    try tuner.run(observe: { losses.append($0.loss) })
    #expect(losses.count == item.losses.count)
    let off = zip(losses, item.losses).map { abs($0 - $1) / $1 }
    #expect(off.allSatisfy { $0 < 0.02 } && off.contains { $0 > 1e-5 }, "\(off)")
  }

  /// What a large step moves a weight by is its gradient: samples one by one add up to the batch.
  @Test func samplesOfDifferentLengthAddUp() throws {
    let item = try #require(Self.cases.first { $0.description == "llama by sgd" })
    func weights(batch: Int, accumulation: Int) throws -> [[Float]] {
      var options = item.options
      options.epochs = 1
      options.rate = 1
      options.batchSize = batch
      options.accumulation = accumulation
      var tuner = try FineTuner(Model(contentsOf: item.model), data: item.data, options: options)
      try tuner.run()
      return try tuner.model().weights.map { try $0.entry.load().floats }
    }
    let (whole, parts) = (
      try weights(batch: 4, accumulation: 1), try weights(batch: 1, accumulation: 4)
    )
    for (a, b) in zip(whole, parts) {
      let worst = zip(a, b).map { abs($0 - $1) }.max() ?? 0
      #expect(worst < 2e-5, "\(worst)")
    }
  }
}
