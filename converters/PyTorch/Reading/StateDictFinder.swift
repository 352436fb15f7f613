/// Where in a file's root value the weights are, and what lies beside them.
struct StateDictFinder {
  /// The value whose tensors are the weights; nil when the whole root is.
  private(set) var weights: PickleValue
  /// Keys from the root to the weights.
  private(set) var path: [String] = []
  /// Values with other tensors, under their full names.
  private(set) var auxiliary: [(name: String, value: PickleValue)] = []
  /// Values without tensors, under their full names.
  private(set) var plain: [(name: String, value: PickleValue)] = []
  /// Entries of the root that are weights, when some are not.
  private(set) var parts: [(name: String, value: PickleValue)]?
  private(set) var notes: [String] = []

  /// What people call the entry that holds the weights, the likeliest first.
  static let wrappers = [
    "state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params",
    "module", "generator", "backbone", "params_ema", "state_dict_ema", "ema_state_dict",
    "model_ema", "ema", "teacher", "student",
  ]

  /// Beginnings of the names of what training keeps for itself.
  private static let trainingState = [
    "optim", "lr_sched", "sched", "scaler", "amp", "rng_state", "torch_rng", "cuda_rng",
    "random_state", "callbacks", "loops", "loss_state", "grad_scaler",
  ]

  init(
    _ root: PickleValue, _ heap: PickleHeap, _ reach: TensorReach, isTensor: (PickleValue) -> Bool
  ) {
    weights = root
    // {"checkpoint": {"model": …}} and the like: wrappers inside wrappers
    for _ in 0..<4 {
      guard heap.isMapping(weights), !isTensor(weights), PyTorchModule(weights, in: heap) == nil,
        !heap.isScripted(weights)
      else { return }
      let members = StateDictFinder.named(weights, heap)
      let holders = members.filter { reach.holdsTensors($0.value) }
      guard !holders.contains(where: { isTensor($0.value) }),
        let key = StateDictFinder.wrappers.first(where: { key in
          holders.contains { $0.name == key && heap.isMapping($0.value) }
        }), let chosen = holders.last(where: { $0.name == key })
      else {
        separate(members, heap, reach)
        return
      }
      let prefix = path.map { "\($0)." }.joined()
      for member in members where member.name != key {
        let entry = (name: prefix + member.name, value: member.value)
        if reach.holdsTensors(member.value) { auxiliary.append(entry) } else { plain.append(entry) }
        if StateDictFinder.wrappers.contains(member.name), reach.holdsTensors(member.value) {
          notes.append(
            "the weights are those under '\(prefix)\(key)'; '\(entry.name)' was not taken")
        }
      }
      path.append(key)
      weights = chosen.value
    }
  }

  /// A root without a wrapper: everything but the training's own state is a weight.
  private mutating func separate(
    _ members: [(name: String, value: PickleValue)], _ heap: PickleHeap, _ reach: TensorReach
  ) {
    let prefix = path.map { "\($0)." }.joined()
    var kept: [(name: String, value: PickleValue)] = []
    for member in members {
      if !reach.holdsTensors(member.value) {
        plain.append((prefix + member.name, member.value))
      } else if StateDictFinder.trainingState.contains(where: { member.name.hasPrefix($0) }) {
        auxiliary.append((prefix + member.name, member.value))
      } else {
        kept.append(member)
      }
    }
    if kept.count < members.count, !kept.isEmpty { parts = kept }
  }

  private static func named(
    _ value: PickleValue, _ heap: PickleHeap
  ) -> [(name: String, value: PickleValue)] {
    heap.members(value).compactMap { item in heap.name(item.key).map { ($0, item.value) } }
  }
}
