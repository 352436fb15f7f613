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

  /// Settings of a group, and slots of a weight: more are not looked at, since a file may have them shared a million times.
  private static let maximumCount = 256

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
      guard let node = heap.node(value), max(node.elements.count, node.pairs.count) <= 128 else {
        return []
      }
      let inner: [(String, PickleValue)] =
        heap.sequence(value).map { $0.enumerated().map { (String($0), $1) } }
        ?? heap.members(value).compactMap { item in heap.name(item.key).map { ($0, item.value) } }
      return inner.filter { isState($0.1, heap) }.map { Place(path: path + [$0.0], value: $0.1) }
    }
  }

  private static func isState(_ value: PickleValue, _ heap: PickleHeap) -> Bool {
    guard isSmall(value, heap), let groups = heap.member("param_groups", of: value),
      heap.sequence(groups) != nil, let state = heap.member("state", of: value)
    else { return false }
    return heap.isMapping(state)
  }

  /// Whether it is a dictionary of few members.
  private static func isSmall(_ value: PickleValue, _ heap: PickleHeap) -> Bool {
    guard let node = heap.node(value), case .dictionary = node.kind else { return false }
    return node.pairs.count <= 2 * maximumCount
  }

  /// - Throws: `DataError` that says what of the state does not fit the weights, or is not known.
  func record(_ value: PickleValue) throws -> OptimizerRecord {
    guard let list = heap.member("param_groups", of: value).flatMap({ heap.sequence($0) }),
      let state = heap.member("state", of: value), !list.isEmpty
    else { throw DataError(.malformed, "has no groups of weights") }
    var settings: [OrderedDictionary<String, JSONValue>] = []
    var indices: [[Int]] = []
    var names: [[String]] = []
    var converter = PickleJSON(heap: heap)
    // A group without weights counts as one
    var rest = weights.count + OptimizerStateReader.maximumCount
    for group in list {
      let members = try bounded(group, "settings of a group")
      guard
        let numbers = members.last(where: { $0.key == .string("params") })
          .flatMap({ heap.integers($0.value) })
      else { throw DataError(.malformed, "has a group without the numbers of its weights") }
      rest -= max(numbers.count, 1)
      guard rest >= 0 else {
        throw DataError(
          .mismatch, "has more weights in its groups than the model has",
          expected: "\(weights.count) at most")
      }
      indices.append(numbers)
      let titles = heap.member("param_names", of: group).flatMap { heap.sequence($0) } ?? []
      names.append(
        titles.count != numbers.count
          ? [] : titles.compactMap { if case .string(let name) = $0 { name } else { nil } })
      settings.append(self.settings(members, by: &converter))
    }
    let memories = try memories(state)
    let slots = Set(memories.values.flatMap(\.slots.keys))
    let kind = try PyTorchOptimizers.kind(settings, slots: slots)
    let named = try WeightOrder(weights).names(
      of: indices, decays: settings.map { $0["weight_decay"]?.double ?? 0 }, named: names,
      shapes: memories.filter { !$0.value.slots.isEmpty }.mapValues { memory in
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

  private func bounded(
    _ value: PickleValue, _ what: String
  ) throws -> [(key: PickleValue, value: PickleValue)] {
    let most = OptimizerStateReader.maximumCount
    guard OptimizerStateReader.isSmall(value, heap) else {
      throw DataError(
        .limitExceeded, "the \(what) are no dictionary, or a large one", expected: "\(most) at most"
      )
    }
    return heap.members(value)
  }

  private func settings(
    _ members: [(key: PickleValue, value: PickleValue)], by converter: inout PickleJSON
  ) -> OrderedDictionary<String, JSONValue> {
    var settings: OrderedDictionary<String, JSONValue> = [:]
    for (key, value) in members {
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
      for (key, value) in try bounded(value, "slots of weight \(index)") {
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
      default: builder.isTensor(value) ? try number(builder.tensor(value)) : nil
      }
    guard let number, let steps = Int(exactly: number), steps >= 0 else {
      throw DataError(.malformed, "its weight \(index) does not say how many steps it has made")
    }
    return steps
  }

  /// What a tensor of one element holds: a view of a few bytes may stand for more elements than any memory.
  private func number(_ tensor: Tensor) -> Double? {
    tensor.elementCount == 1 ? tensor.doubles.first : nil
  }
}
