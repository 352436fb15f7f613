import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors
import Training

extension FineTuner {
  /// Whether the optimiser remembers weights of the file, and not of an adapter, and all of them here.
  public var canSaveOptimizer: Bool { (try? checkOptimizer()) != nil }

  /// Whose the weights are that `model()` gives, where they are not those of the last step, which the optimiser remembers.
  public var otherWeights: String? {
    if options.averageDecay != nil { return "their average over the steps" }
    return best?.areEarlier == true ? "those of the best epoch" : nil
  }

  /// Whether the state could be written with the weights.
  /// - Throws: `.unsupported` when what learns are no weights of the file, as with adapters, or not all of them are here.
  public func checkOptimizer() throws {
    guard communicator.size == 1 else {
      throw DataError(
        .unsupported, "what the optimizer remembers is shared among processes",
        remedy: "leave --save-optimizer out, or learn in one process")
    }
    guard learning.adapter == nil else {
      throw DataError(
        .unsupported,
        "what \(options.methodName) learns is merged, so that its optimizer has no weights to go with",
        remedy: "leave --save-optimizer out")
    }
  }

  /// The model as `model()` gives it, with what the optimiser remembers of its weights.
  ///
  /// - Throws: as `checkOptimizer`.
  public func modelWithOptimizer() throws -> Model {
    try checkOptimizer()
    let model = try model()
    return model.with(
      optimizer: try optimizerRecord(of: model), epochs: trainer.epoch, steps: trainer.step)
  }

  /// What is remembered, under the names of the file.
  private func optimizerRecord(of model: Model) throws -> OptimizerRecord {
    let optimizer = trainer.optimization.optimizer
    let kind = type(of: optimizer).name
    let state = trainer.optimization.state
    var own = OptimizerRecord(kind: kind, groups: [], memories: [:])
    for parameter in learning.parameters {
      guard let step = state["\(parameter.name).step"]?.floats.first else { continue }
      var memory = OptimizerRecord.Memory(steps: Int(step), slots: [:])
      for slot in optimizer.slots(for: parameter.shape) {
        memory.slots[slot.name] = state["\(parameter.name).\(slot.name)"].map {
          TensorEntry(name: slot.name, $0)
        }
      }
      own.memories[parameter.name] = memory
    }
    var record = try namingFile(model.path) {
      try own.translated { try model.inFile(others: $0) }.record
    }
    let names = Set(model.checkpoint.normalised.map(\.entry.name))
    if start.record != nil, let old = task.model.checkpoint.optimizer,
      Set(old.groups.flatMap(\.parameters)).isSubset(of: names),
      Set(record.memories.keys).isSubset(of: old.groups.flatMap(\.parameters))
    {
      record.place = old.place
      let spared = spared(in: model)
      record.groups = old.groups.map { updated($0, old.groups[0], optimizer, spared) }
      let mixed = record.groups.contains { group in
        let count = group.parameters.count(where: spared.contains)
        return count > 0 && count < group.parameters.count
      }
      if let decay = options.weightDecay, decay != 0, mixed {
        record.notes.append(FineTuner.decayingNote)
      }
      record.memories = old.memories.filter { shape(of: $0.key, in: model, fits: $0.value) }
        .merging(record.memories) { $1 }
    } else {
      try begin(&record, model, optimizer)
    }
    if let otherWeights {
      record.notes.append(
        "the optimizer remembers the last step, and the weights are \(otherWeights)")
    }
    return record
  }

  /// Whether the memory of a weight that did not learn now is still that of the weight.
  private func shape(
    of name: String, in model: Model, fits memory: OptimizerRecord.Memory
  ) -> Bool {
    let shape = model.checkpoint.normalised.first { $0.entry.name == name }?.entry.shape
    return memory.slots.allSatisfy {
      OptimizerRecord.factors.contains($0) || $1.shape == shape
    }
  }

  private static let decayingNote =
    "a group of the optimizer's state holds weights of all kinds: there, norms and biases decay as the others do"

  /// Weights of the file that do not decay where a run is asked for a decay: as `WeightDecayRule.matrices` has it.
  private func spared(in model: Model) -> Set<String> {
    Set(
      model.checkpoint.normalised.map(\.entry).filter {
        $0.shape.rank < 2 || $0.name.split(separator: ".").last == "bias"
      }.map(\.name))
  }

  /// A group that was there, with what was set otherwise.
  private func updated(
    _ group: OptimizerRecord.Group, _ first: OptimizerRecord.Group, _ optimizer: any Optimizer,
    _ spared: Set<String>
  ) -> OptimizerRecord.Group {
    var group = group
    for (name, value) in OptimizerSettings.group(of: optimizer) { group.settings[name] = value }
    if group.settings["decoupled_weight_decay"] != nil {
      group.settings["decoupled_weight_decay"] = .bool(optimizer is AdamW)
    }
    if let rate = options.rate.map({ $0 * OptimizerStart.factor(of: group, beside: first) }),
      rate != group.settings["lr"]?.double
    {
      group.settings["lr"] = .number(rate)
      // Where a schedule that is made anew begins
      if group.settings["initial_lr"] != nil { group.settings["initial_lr"] = .number(rate) }
    }
    if let decay = options.weightDecay {
      group.settings["weight_decay"] = .number(
        spared.isSuperset(of: group.parameters) ? 0 : decay)
    }
    return group
  }

  /// One group of all weights in the file's order, as `Optimizer(model.parameters())` has them.
  private func begin(
    _ record: inout OptimizerRecord, _ model: Model, _ optimizer: any Optimizer
  ) throws {
    let running = Set(learning.running.map(\.name))
    let graph = Set(try model.graph().runningStatistics).union(running)
    var seen: Set<String> = []
    var names: [String] = []
    for made in try model.inFile(others: [:]) {
      guard made.entry.dataType.isReal, !graph.isSuperset(of: made.sources) || made.sources.isEmpty
      else { continue }
      // A second name of one weight is no second weight
      let isKnown = !made.sources.isEmpty && seen.isSuperset(of: made.sources)
      let isTie = isKnown && made.action != .split
      seen.formUnion(made.sources)
      if !isTie { names.append(made.entry.name) }
    }
    var settings: OrderedDictionary<String, JSONValue> = [
      "lr": .number(options.rate ?? options.usualRate)
    ]
    let most = start.record?.groups.max { $0.parameters.count < $1.parameters.count }
    let decay =
      options.weightDecay ?? most?.settings["weight_decay"]?.double
      ?? type(of: optimizer).usualWeightDecay
    settings["weight_decay"] = .number(decay)
    settings.merge(OptimizerSettings.group(of: optimizer)) { $1 }
    record.groups = [OptimizerRecord.Group(settings: settings, parameters: names)]
    if decay != 0 { record.notes.append(FineTuner.decayingNote) }
  }
}
