import BinaryIO
import Formats
import JSON
import OrderedCollections
import PyTorchConverter
import Tensors
import TestSupport
import Testing

/// What PyTorch's optimisers remember comes and goes.
@Suite struct OptimizerStateTests {
  private let scratch = ScratchDirectory()

  private func wrapped() throws -> Checkpoint {
    try PyTorchFormat().read(Fixtures.path("pytorch/wrapped.pth"))
  }

  /// The checkpoint, written and read again.
  private func again(_ checkpoint: Checkpoint) throws -> Checkpoint {
    let path = scratch.file("again.pth")
    _ = try PyTorchFormat().write(checkpoint, to: path)
    return try PyTorchFormat().read(path)
  }

  @Test func numbersMeanTheStateDictsParametersInTheirOrder() throws {
    let record = try #require(try wrapped().optimizer)
    #expect(record.kind == "adamw" && record.steps == 1 && record.place == "optimizer")
    let names = ["conv.weight", "conv.bias", "bn.weight", "bn.bias", "fc.weight", "fc.bias"]
    #expect(record.groups.map(\.parameters) == [names])
    #expect(record.groups[0].settings["lr"] == 0.01)
    #expect(record.slotNames == ["exp_avg", "exp_avg_sq"])
    #expect(record.memories["fc.weight"]?.slots["exp_avg"]?.shape == [4, 6])
    #expect(try wrapped().tensorsBesides.isEmpty)
  }

  @Test func theFileIsLaidOutAsItCame() throws {
    let before = try wrapped()
    let after = try again(before)
    #expect(after.optimizerError == nil)
    for entry in before.optimizer?.entries ?? [] {
      let other = try #require(after.optimizer?.entries.first { $0.name == entry.name })
      #expect(try other.load().isBitEqual(to: entry.load()))
    }
    #expect(after.optimizer?.groups[0].settings == before.optimizer?.groups[0].settings)
    #expect(after.metadata == before.metadata)
    #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
  }

  @Test func countersCountOn() throws {
    var checkpoint = try wrapped()
    checkpoint.metadata["epoch"] = 20
    #expect(try again(checkpoint).metadata["epoch"] == 20)
  }

  @Test func aPlainFileBecomesWhatTutorialsWrite() throws {
    var checkpoint = Checkpoint(
      format: "pytorch",
      tensors: [TensorEntry(name: "fc.weight", Tensor(shape: [2], [1, 2] as [Float]))])
    checkpoint.optimizer = try record(["fc.weight"], [[2]], decays: [0])
    let after = try again(checkpoint)
    #expect(after.metadata["wrapper"] == "model_state_dict")
    #expect(after.optimizer?.place == "optimizer_state_dict")
  }

  private func record(
    _ names: [String], _ shapes: [Shape], decays: [Double], sizes: [Int]? = nil
  ) throws -> OptimizerRecord {
    var rest = names[...]
    let groups = zip(sizes ?? [names.count], decays).map { size, decay in
      let own = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
      return OptimizerRecord.Group(
        settings: [
          "lr": 0.1, "betas": [0.9, 0.99], "eps": 1e-8, "amsgrad": false,
          "weight_decay": .number(decay),
        ], parameters: own)
    }
    var memories: OrderedDictionary<String, OptimizerRecord.Memory> = [:]
    for (name, shape) in zip(names, shapes) {
      let zeros = Tensor(shape: shape, [Float](repeating: 0, count: shape.elementCount))
      memories[name] = .init(
        steps: 3, slots: ["exp_avg": TensorEntry(name: name, zeros)])
    }
    return OptimizerRecord(kind: "adamw", groups: groups, memories: memories)
  }

  private func network(_ shapes: OrderedDictionary<String, Shape>) -> Checkpoint {
    Checkpoint(
      format: "pytorch",
      tensors: shapes.map {
        TensorEntry(
          name: $0, Tensor(shape: $1, [Float](repeating: 1, count: $1.elementCount)))
      })
  }

  @Test func groupsThatDecayAndGroupsThatDoNotAreToldApart() throws {
    var checkpoint = network([
      "a.weight": [4, 4], "a.bias": [4], "b.weight": [4, 4], "b.bias": [4],
    ])
    let sorted = ["a.weight", "b.weight", "a.bias", "b.bias"]
    checkpoint.optimizer = try record(
      sorted, [[4, 4], [4, 4], [4], [4]], decays: [0.1, 0], sizes: [2, 2])
    #expect(try again(checkpoint).optimizer?.groups.flatMap(\.parameters) == sorted)
  }

  @Test func theLastWeightsMayHaveLearntAlone() throws {
    var checkpoint = network(["a.weight": [3, 3], "fc.weight": [2, 3], "fc.bias": [2]])
    checkpoint.optimizer = try record(
      ["fc.weight", "fc.bias"], [[2, 3], [2]], decays: [0])
    #expect(
      try again(checkpoint).optimizer?.groups[0].parameters == ["fc.weight", "fc.bias"])
  }

  @Test func aStateOfOtherWeightsIsNotTaken() throws {
    var checkpoint = network(["a.weight": [3, 3], "a.bias": [3]])
    checkpoint.optimizer = try record(["a.weight", "a.bias"], [[3, 3], [4]], decays: [0])
    let after = try again(checkpoint)
    #expect(after.optimizer == nil)
    let error = try #require(after.optimizerError)
    #expect(error.code == .mismatch && error.subject?.contains("optimizer_state_dict") == true)
    #expect(error.found.contains("'a.bias'"), "\(error)")
  }

  @Test func anUnknownOptimizerIsNamedByItsSettings() throws {
    var checkpoint = network(["a.weight": [3]])
    var odd = try record(["a.weight"], [[3]], decays: [0])
    odd.kind = "radam"
    odd.groups[0].settings["amsgrad"] = nil
    odd.groups[0].settings["rectify"] = true
    checkpoint.optimizer = odd
    let error = try #require(try again(checkpoint).optimizerError)
    #expect(error.code == .unsupported && error.found.contains("rectify"))
  }

  private func foundError(
    of kind: String, _ slot: String, _ settings: OrderedDictionary<String, JSONValue>
  ) throws -> DataError? {
    var checkpoint = network(["a.weight": [3]])
    var record = try record(["a.weight"], [[3]], decays: [0])
    record.kind = kind
    record.groups[0].settings = settings.merging(["lr": 0.1, "weight_decay": 0.1]) { $1 }
    let values = record.memories["a.weight"]?.slots["exp_avg"]
    record.memories["a.weight"]?.slots = [slot: try #require(values)]
    checkpoint.optimizer = record
    let after = try again(checkpoint)
    if after.optimizerError == nil { #expect(after.optimizer?.kind == kind) }
    return after.optimizerError
  }

  /// timm's RMSpropTF, Lion and SGDW, and others that are nearly what they look like.
  @Test(
    arguments: [
      ("rmsprop", "square_avg", ["lr_in_momentum": true, "decoupled_decay": false]),
      ("rmsprop", "square_avg", ["lr_in_momentum": false]), ("lion", "exp_avg", ["caution": true]),
      ("sgd", "momentum_buffer", ["caution": false]), ("adamw", "exp_avg", ["caution": true]),
      ("lion", "exp_avg", ["corrected_weight_decay": true]),
      ("adamw", "exp_avg", ["final_lr": 0.1]), ("adam", "exp_avg", ["betas3": [0.9, 0.99]]),
    ] as [(String, String, OrderedDictionary<String, JSONValue>)])
  func aNamesakeIsNotTakenForOurs(
    _ kind: String, _ slot: String, _ settings: OrderedDictionary<String, JSONValue>
  ) throws {
    let error = try #require(try foundError(of: kind, slot, settings))
    #expect(error.code == .unsupported)
    #expect(error.found.contains(settings.keys[0]), "\(error)")
  }

  @Test(
    arguments: [
      ("adamw", "exp_avg", ["fused": true, "capturable": true, "foreach": false]),
      ("adamw", "exp_avg", ["caution": false, "extra": nil]),
      (
        "lion", "exp_avg",
        ["caution": false, "corrected_weight_decay": false, "max_lr_snapshot": 0.1]
      ),
      ("sgd", "momentum_buffer", ["initial_lr": 0.5, "lr_scale": 0.3, "name": "backbone"]),
      ("rmsprop", "square_avg", ["max_lr": 0.5, "min_lr": 0.1]),
    ] as [(String, String, OrderedDictionary<String, JSONValue>)])
  func settingsThatChangeNothingAreTaken(
    _ kind: String, _ slot: String, _ settings: OrderedDictionary<String, JSONValue>
  ) throws {
    #expect(try foundError(of: kind, slot, settings) == nil)
  }
}
