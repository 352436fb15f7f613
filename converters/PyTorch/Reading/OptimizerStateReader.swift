import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// What `optimizer.state_dict()` gives: `{"state": {0: {"exp_avg": …}}, "param_groups": [{"lr": …, "params": [0, …]}]}`.
///
/// - Source: `torch/optim/optimizer.py` of PyTorch 2.15.
struct OptimizerStateReader {
  let builder: TensorBuilder
  /// Numbers of all weights, those of the state dict.
  let weights: [TensorEntry]

  private var heap: PickleHeap { builder.heap }

  /// A value of a file that looks like an optimiser's state.
  struct Place {
    /// Keys from the root.
    var path: [String]
    var value: PickleValue
  }

  /// Where optimisers' states are among values that are no weights: at one of them, or in a list or dictionary of them.
  ///
  /// - Parameter wrappers: keys to the weights; a value's full name begins with some of them.
  static func places(
    among values: [(name: String, value: PickleValue)], wrappers: [String], _ heap: PickleHeap
  ) -> [Place] {
    values.flatMap { name, value in
      var path = [name]
      for count in wrappers.indices {
        let prefix = wrappers[..<count].map { "\($0)." }.joined()
        if name.hasPrefix(prefix) {
          path = wrappers[..<count] + [String(name.dropFirst(prefix.count))]
        }
      }
      if isState(value, heap) { return [Place(path: path, value: value)] }
      let inner: [(String, PickleValue)] =
        heap.sequence(value).map { $0.enumerated().map { (String($0), $1) } }
        ?? heap.members(value).compactMap { item in heap.name(item.key).map { ($0, item.value) } }
      guard inner.count <= 64 else { return [] }
      return inner.filter { isState($0.1, heap) }.map { Place(path: path + [$0.0], value: $0.1) }
    }
  }

  private static func isState(_ value: PickleValue, _ heap: PickleHeap) -> Bool {
    guard heap.isMapping(value), let groups = heap.member("param_groups", of: value),
      heap.sequence(groups) != nil, let state = heap.member("state", of: value)
    else { return false }
    return heap.isMapping(state)
  }

  /// - Throws: `DataError` that says what of the state does not fit the weights, or is not known.
  func record(_ value: PickleValue) throws -> OptimizerRecord {
    guard let list = heap.member("param_groups", of: value).flatMap({ heap.sequence($0) }),
      let state = heap.member("state", of: value), !list.isEmpty
    else { throw DataError(.malformed, "has no groups of weights") }
    var settings: [OrderedDictionary<String, JSONValue>] = []
    var indices: [[Int]] = []
    var names: [[String]] = []
    for group in list {
      guard let numbers = heap.member("params", of: group).flatMap({ heap.integers($0) }) else {
        throw DataError(.malformed, "has a group without the numbers of its weights")
      }
      indices.append(numbers)
      names.append(
        (heap.member("param_names", of: group).flatMap { heap.sequence($0) } ?? []).compactMap {
          if case .string(let name) = $0 { name } else { nil }
        })
      settings.append(self.settings(group))
    }
    let memories = try memories(state)
    let slots = Set(memories.values.flatMap(\.slots.keys))
    let kind = try PyTorchOptimizers.kind(settings, slots: slots)
    let named = try WeightOrder(weights).names(
      of: indices, decays: settings.map { $0["weight_decay"]?.double ?? 0 }, named: names,
      shapes: memories.mapValues { memory in
        memory.slots.first { !OptimizerRecord.factors.contains($0.key) }?.value.shape
      })
    var record = OptimizerRecord(
      kind: kind.name,
      groups: zip(settings, indices).map { settings, indices in
        OptimizerRecord.Group(settings: settings, parameters: indices.compactMap { named[$0] })
      }, memories: [:])
    for index in indices.joined() {
      if let name = named[index], let memory = memories[index] { record.memories[name] = memory }
    }
    if let note = kind.note { record.notes.append(note) }
    return record
  }

  private func settings(_ group: PickleValue) -> OrderedDictionary<String, JSONValue> {
    var settings: OrderedDictionary<String, JSONValue> = [:]
    var converter = PickleJSON(heap: heap)
    for (key, value) in heap.members(group) {
      guard let name = heap.name(key), name != "params", name != "param_names" else { continue }
      if let tensor = try? builder.tensor(value), tensor.elementCount == 1 {
        settings[name] = tensor.doubles.first.map { .number($0) }
      } else if let plain = converter.json(value) {
        settings[name] = plain
      }
    }
    return settings
  }

  /// By the weights' numbers.
  private func memories(_ state: PickleValue) throws -> OrderedDictionary<
    Int, OptimizerRecord.Memory
  > {
    var memories: OrderedDictionary<Int, OptimizerRecord.Memory> = [:]
    for (key, value) in heap.members(state) {
      guard case .integer(let index) = key else {
        throw DataError(
          .unsupported, "its weights have names where PyTorch has numbers", expected: "0, 1, …")
      }
      var memory = OptimizerRecord.Memory(steps: nil, slots: [:])
      for (key, value) in heap.members(value) {
        guard let slot = heap.name(key) else { continue }
        if slot == "step" {
          memory.steps = try steps(value, of: index)
        } else if builder.isTensor(value) {
          memory.slots[slot] = TensorEntry(
            name: slot, try naming("'\(slot)' of weight \(index)") { try builder.tensor(value) })
        }
      }
      memories[index] = memory
    }
    return memories
  }

  private func steps(_ value: PickleValue, of index: Int) throws -> Int {
    let number: Double? =
      switch value {
      case .integer(let number): Double(number)
      case .float(let number): number
      default: builder.isTensor(value) ? try builder.tensor(value).doubles.first : nil
      }
    guard let number, let steps = Int(exactly: number), steps >= 0 else {
      throw DataError(.malformed, "its weight \(index) does not say how many steps it has made")
    }
    return steps
  }
}

/// What tells PyTorch's optimisers apart in a state that does not name them.
enum PyTorchOptimizers {
  /// - Throws: `.unsupported` for one that is none of ours.
  static func kind(
    _ groups: [OrderedDictionary<String, JSONValue>], slots: Set<String>
  ) throws -> (name: String, note: String?) {
    let first = groups[0]
    func has(_ keys: String...) -> Bool { keys.allSatisfy { first[$0] != nil } }
    func only(_ names: Set<String>) -> Bool { slots.isSubset(of: names) }
    if groups.contains(where: { $0["maximize"]?.bool == true }) {
      throw DataError(.unsupported, "climbs where we descend (maximize)")
    }
    if has("betas", "eps", "amsgrad"), only(["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]) {
      if let decoupled = first["decoupled_weight_decay"]?.bool {
        return (decoupled ? "adamw" : "adam", nil)
      }
      let decays = groups.contains { $0["weight_decay"]?.double ?? 0 != 0 }
      return (
        "adamw", decays ? "it may be Adam's or AdamW's: taken for AdamW (--optimizer adam)" : nil
      )
    }
    if has("momentum", "dampening", "nesterov"), only(["momentum_buffer"]) { return ("sgd", nil) }
    if has("alpha", "centered"), only(["square_avg", "momentum_buffer", "grad_avg"]) {
      return ("rmsprop", nil)
    }
    if has("beta2_decay", "d"), only(["row_var", "col_var", "variance"]) {
      return ("adafactor", nil)
    }
    if has("betas"), !has("eps"), only(["exp_avg"]) { return ("lion", nil) }
    let keys = first.keys.filter { !["lr", "weight_decay", "initial_lr"].contains($0) }
    throw DataError(
      .unsupported,
      "an optimizer that is not known here: \((keys + slots.sorted()).prefix(10).joined(separator: ", "))",
      expected: OptimizerRecord.titles.values.joined(separator: ", "))
  }
}
