import BinaryIO
import Formats
import JSON
import Menagerie
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// What a run takes of a state that came with the weights, and what it says of itself in the state that it writes.
@Suite struct OptimizerStartTests {
  private let runs = TravellingRuns()

  /// The small ResNet with the state of two steps, changed.
  private func begun(
    _ options: FineTuningOptions, _ change: (inout Checkpoint) throws -> Void = { _ in }
  ) throws -> Model {
    let file = try runs.learn(TravellingRuns.resnet, 0..<4, options, to: "begun.pth").file
    var checkpoint = try Model(contentsOf: file).checkpoint
    try change(&checkpoint)
    return try Model(checkpoint, path: "begun.pth")
  }

  private func after(_ model: Model, _ options: FineTuningOptions) throws -> Checkpoint {
    var tuner = try FineTuner(model, data: runs.data(4..<8), options: options)
    try tuner.run()
    return try tuner.modelWithOptimizer().checkpoint
  }

  private func plain(_ decay: Double? = 0) -> FineTuningOptions {
    var options = runs.options("adamw")
    (options.rate, options.weightDecay) = (0.001, decay)
    return options
  }

  @Test func aStateThatCannotBeReadStopsThoseWhoWantIt() throws {
    var checkpoint = try Model(contentsOf: TravellingRuns.resnet).checkpoint
    checkpoint.optimizerError = DataError(.unsupported, "the optimizer is Nadam")
    let model = try Model(checkpoint, path: "odd.pth")
    func tuner(_ change: (inout FineTuningOptions) -> Void) throws -> FineTuner {
      var options = runs.options(nil)
      change(&options)
      return try FineTuner(model, data: runs.data(0..<2), options: options)
    }
    let error = #expect(throws: DataError.self) { try tuner { _ in } }
    #expect(error?.remedy?.contains("--fresh-optimizer") == true)
    let said = "the optimizer state of odd.pth is left: the optimizer is Nadam"
    #expect(try tuner { $0.method = "lora" }.notes == [said])
    #expect(try tuner { $0.optimizer = "sgd" }.notes == [said])
    #expect(try tuner { $0.beginsAnew = true }.notes == [said])
  }

  @Test func aStateThatCannotBeReadToItsEndIsAnError() throws {
    let model = try begun(plain()) { checkpoint in
      let name = "fc.weight"
      let slot = try #require(checkpoint.optimizer?.memories[name]?.slots["exp_avg"])
      checkpoint.optimizer?.memories[name]?.slots["exp_avg"] = TensorEntry(
        name: slot.name, dataType: slot.dataType, shape: slot.shape
      ) { throw DataError(.malformed, "a damaged chunk") }
    }
    let error = #expect(throws: DataError.self) {
      try FineTuner(model, data: runs.data(4..<8), options: runs.options(nil))
    }
    #expect(error?.found == "a damaged chunk" && error?.path == "begun.pth")
  }

  @Test func adaptersAreToldBeforeTheyLearnThatTheyHaveNoState() throws {
    var options = runs.options("adamw")
    options.method = "lora"
    let tuner = try FineTuner(
      Model(contentsOf: TravellingRuns.resnet), data: runs.data(0..<2), options: options)
    #expect(!tuner.canSaveOptimizer)
    let error = #expect(throws: DataError.self) { try tuner.checkOptimizer() }
    #expect(error?.code == .unsupported && error?.remedy == "leave --save-optimizer out")
    let words = "what lora learns is merged, so that its optimizer has no weights to go with"
    #expect(error?.found == words)
  }

  @Test(arguments: OptimizerRecord.stepCounters)
  func countersCountOn(name: String) throws {
    let model = try begun(plain()) {
      $0.metadata[name] = 1000
      $0.metadata["epoch"] = 7
    }
    let metadata = try after(model, runs.options(nil)).metadata
    #expect(metadata[name] == 1002 && metadata["epoch"] == 8)
  }

  @Test func groupsSayWhatTheRunDid() throws {
    let matrices = try begun(plain()).checkpoint.normalised.map(\.entry).filter {
      $0.shape.rank > 1
    }.map(\.name)
    let model = try begun(plain()) { checkpoint in
      let group = try #require(checkpoint.optimizer?.groups[0])
      func part(_ rate: Double, _ decay: Double, _ names: [String]) -> OptimizerRecord.Group {
        var part = group
        part.parameters = names
        part.settings["lr"] = 0.0
        part.settings["initial_lr"] = .number(rate)
        part.settings["weight_decay"] = .number(decay)
        return part
      }
      // A schedule has ended
      checkpoint.optimizer?.groups = [
        part(0.002, 0, group.parameters.filter(matrices.contains)),
        part(0.0005, 0, group.parameters.filter { !matrices.contains($0) }),
      ]
    }
    func settings(_ name: String, _ options: FineTuningOptions) throws -> [Double?] {
      let record = try #require(try after(model, options).optimizer)
      #expect(record.notes.isEmpty)
      return record.groups.map { $0.settings[name]?.double }
    }
    var options = runs.options(nil)
    #expect(try settings("lr", options) == [0.002, 0.0005])
    options.rate = 0.2
    #expect(try settings("lr", options) == [0.2, 0.05])
    #expect(try settings("initial_lr", options) == [0.2, 0.05])
    #expect(try settings("weight_decay", options) == [0, 0])
    options.weightDecay = 0.1
    #expect(try settings("weight_decay", options) == [0.1, 0])
  }

  @Test func aDecayThatOneGroupCannotTellIsTold() throws {
    var options = runs.options(nil)
    options.weightDecay = 0.1
    let record = try #require(try after(try begun(plain()), options).optimizer)
    #expect(record.groups.map { $0.settings["weight_decay"] } == [0.1])
    #expect(record.notes.contains { $0.contains("norms and biases decay") }, "\(record.notes)")
  }

  @Test func weightsOfAnotherStepThanTheStatesAreTold() throws {
    func others(
      _ change: (inout FineTuningOptions) -> Void
    ) throws -> (weights: String?, notes: [String]) {
      var options = plain()
      options.validationShare = 0.5
      change(&options)
      var tuner = try FineTuner(
        Model(contentsOf: TravellingRuns.resnet), data: runs.data(0..<40), options: options)
      try tuner.run()
      let record = try tuner.modelWithOptimizer().checkpoint.optimizer
      return (tuner.otherWeights, record?.notes ?? [])
    }
    let usual = try others { $0.patience = 3 }
    #expect(usual.weights == nil && usual.notes.isEmpty)
    let average = try others { $0.averageDecay = 0.9 }
    #expect(average.weights?.contains("average") == true && average.notes.count == 1)
    let best = try others {
      ($0.patience, $0.epochs, $0.rate) = (0, 20, 0.5)
      $0.optimizer = "sgd"
    }
    #expect(best.weights?.contains("best epoch") == true, "\(best)")
    #expect(best.notes.first?.contains("remembers the last step") == true)
  }
}
