import Formats
import JSON
import OrderedCollections
import Tensors

/// Writes an optimiser's state as `optimizer.state_dict()` gives it, so that `load_state_dict` takes it.
struct OptimizerStateWriter {
  private let record: OptimizerRecord
  /// All tensors, in the order in which they are written.
  let entries: [TensorEntry]

  /// Optimisers that count the steps of each weight, in a tensor.
  private static let counting: Set<String> = ["adam", "adamw", "rmsprop", "adafactor"]

  init(_ record: OptimizerRecord) {
    self.record = record
    let isCounting = OptimizerStateWriter.counting.contains(record.kind)
    entries = OptimizerStateWriter.memories(of: record).flatMap { memory in
      let steps = TensorEntry(name: "step", Tensor(shape: [], [Float(memory.steps ?? 0)]))
      return (isCounting ? [steps] : []) + memory.slots.map { $1.renamed($0) }
    }
  }

  private static func memories(of record: OptimizerRecord) -> [OptimizerRecord.Memory] {
    record.groups.flatMap(\.parameters).compactMap { record.memories[$0] }
  }

  /// - Parameter first: the place of the first of `entries` among `tensors`.
  func write(_ tensors: PickledTensors, from first: Int, to pickle: inout PickleWriter) {
    let isCounting = OptimizerStateWriter.counting.contains(record.kind)
    var next = first
    pickle.write(.emptyDictionary)
    pickle.write(.mark)
    pickle.write("state")
    pickle.write(.emptyDictionary)
    for (index, name) in record.groups.flatMap(\.parameters).enumerated() {
      guard let memory = record.memories[name] else { continue }
      pickle.write(index)
      pickle.write(.emptyDictionary)
      pickle.write(.mark)
      for slot in (isCounting ? ["step"] : []) + Array(memory.slots.keys) {
        pickle.writeShared(slot)
        tensors.write(next, to: &pickle)
        next += 1
      }
      pickle.write(.setItems)
      pickle.write(.setItem)
    }
    pickle.write("param_groups")
    pickle.write(.emptyList)
    pickle.write(.mark)
    var index = 0
    for group in record.groups {
      pickle.write(.emptyDictionary)
      pickle.write(.mark)
      for (name, value) in settings(of: group) {
        pickle.writeShared(name)
        pickle.write(value)
      }
      pickle.writeShared("params")
      pickle.write(.emptyList)
      pickle.write(.mark)
      for _ in group.parameters {
        pickle.write(index)
        index += 1
      }
      pickle.write(.appends)
      pickle.write(.setItems)
    }
    pickle.write(.appends)
    pickle.write(.setItems)
  }

  /// What the group says, and what PyTorch's optimiser has beside.
  private func settings(
    of group: OptimizerRecord.Group
  ) -> OrderedDictionary<String, JSONValue> {
    var settings = group.settings
    // Keras's way of adding epsilon, for which PyTorch has no word
    settings["uncorrected_eps"] = nil
    for (name, value) in OptimizerStateWriter.usual[record.kind] ?? [:]
    where settings[name] == nil {
      settings[name] = value
    }
    return settings
  }

  private static let plain: OrderedDictionary<String, JSONValue> = [
    "maximize": false, "foreach": nil, "capturable": false, "differentiable": false,
  ]
  private static let adam = plain.merging(
    ["betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0, "amsgrad": false, "fused": nil]
  ) { $1 }

  /// PyTorch's own settings of each, without the rate.
  private static let usual: [String: OrderedDictionary<String, JSONValue>] = [
    "adam": adam.merging(["decoupled_weight_decay": false]) { $1 },
    "adamw": adam.merging(["decoupled_weight_decay": true]) { $1 },
    "sgd": [
      "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": false,
      "maximize": false, "foreach": nil, "differentiable": false, "fused": nil,
    ],
    "rmsprop": plain.merging(
      ["alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": false]
    ) { $1 },
    "adafactor": [
      "beta2_decay": -0.8, "eps": [nil, 1e-3], "d": 1.0, "weight_decay": 0.0, "foreach": nil,
      "maximize": false,
    ],
    "lion": ["betas": [0.9, 0.99], "weight_decay": 0.0],
  ]
}

extension PickleWriter {
  /// A plain value; a list of them as a tuple, as optimisers have them.
  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: write(.none)
    case .bool(let value): write(value ? .newTrue : .newFalse)
    case .integer(let value): write(value)
    case .number(let value): write(value)
    case .string(let value): write(value)
    case .array(let values):
      guard !values.isEmpty else { return write(.emptyTuple) }
      write(.mark)
      for value in values { write(value) }
      write(.tuple)
    case .object(let members):
      write(.emptyDictionary)
      for (name, value) in members {
        write(name)
        write(value)
        write(.setItem)
      }
    }
  }
}
