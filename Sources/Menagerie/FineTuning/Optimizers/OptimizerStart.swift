import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors
import Training

/// How a run's optimiser begins: with what the checkpoint remembers, or with nothing.
struct OptimizerStart {
  /// What was asked for, and where nobody asked, what the state says.
  private(set) var options: FineTuningOptions
  /// What the checkpoint's optimiser remembers, under the graph's names; nil when the run begins anew.
  private(set) var record: OptimizerRecord?
  /// How many of the learning weights are remembered.
  private(set) var remembered = 0
  /// Where the rate begins, and where others than the first group's lie beside it.
  private var rates: [String: Double] = [:]
  private var decays: [String: Double] = [:]
  /// What a person should know, a sentence each.
  private(set) var notes: [String] = []

  /// - Throws: `DataError` when a state is to be gone on with that does not fit the weights.
  init(_ learning: LearningModel, of model: Model, _ options: FineTuningOptions) throws {
    self.options = options
    let checkpoint = model.checkpoint
    let name = System.lastComponent(model.path)
    guard let found = checkpoint.optimizer else {
      guard let error = checkpoint.optimizerError else { return }
      guard options.beginsAnew || options.optimizer != nil || learning.adapter != nil else {
        throw DataError(
          error.code, error.found, expected: error.expected, subject: error.subject,
          path: model.path, remedy: "--fresh-optimizer begins with none")
      }
      notes.append("the optimizer state of \(name) is left: \(error.found)")
      return
    }
    let state = "the \(found.title) state of \(name)"
    if options.beginsAnew {
      notes.append("\(state) is left: --fresh-optimizer")
    } else if let asked = options.optimizer, !OptimizerStart.share(asked, found.kind) {
      notes.append("\(state) is left: --optimizer \(asked)")
    } else if learning.adapter != nil {
      notes.append("\(state) is left: --method \(options.methodName) lets other weights learn")
    } else {
      try goOn(with: found, learning, model, state)
    }
  }

  /// Whether one goes on where the other stopped: they differ in how weights decay alone.
  private static func share(_ a: String, _ b: String) -> Bool {
    a == b || Set([a, b]) == [Adam.name, AdamW.name]
  }

  private mutating func goOn(
    with found: OptimizerRecord, _ learning: LearningModel, _ model: Model, _ state: String
  ) throws {
    let (kind, settings) = try naming(state) {
      (options.optimizer ?? found.kind, try OptimizerSettings(found.groups).values)
    }
    let shapes = Dictionary(
      model.checkpoint.normalised.map { ($0.entry.name, $0.entry.shape) },
      uniquingKeysWith: { first, _ in first })
    var fitting = found
    for (name, memory) in found.memories {
      let isFitting = memory.slots.allSatisfy { slot, entry in
        OptimizerRecord.factors.contains(slot) || entry.shape == shapes[name]
      }
      if !isFitting || shapes[name] == nil { fitting.memories[name] = nil }
    }
    let record = try namingFile(model.path) { try fitting.translated(model.inGraph).record }
    options.optimizer = kind
    options.optimizerSettings = settings.merging(options.optimizerSettings) { $1 }
    self.record = record
    setRates()
    let optimizer = try options.checked().optimizer
    remembered = learning.parameters.count { fittingMemory(of: $0, optimizer) != nil }
    describe(found, state, learning.parameters.count, optimizer)
  }

  private mutating func setRates() {
    guard let groups = record?.groups else { return }
    let first = groups.first.flatMap(OptimizerStart.rate)
    if options.rate == nil, let first, first > 0, first.isFinite { options.rate = first }
    for group in groups {
      let factor = OptimizerStart.factor(of: group, beside: groups[0])
      for name in group.parameters {
        rates[name] = factor
        decays[name] = options.weightDecay == nil ? group.settings["weight_decay"]?.double : nil
      }
    }
  }

  /// A group's rate: the one it began with, where a schedule has brought it to its end.
  private static func rate(_ group: OptimizerRecord.Group) -> Double? {
    guard let rate = group.settings["lr"]?.double else { return nil }
    guard let first = group.settings["initial_lr"]?.double, rate < 0.01 * first else { return rate }
    return first
  }

  /// What a group's rate is of that of the first one.
  static func factor(
    of group: OptimizerRecord.Group, beside first: OptimizerRecord.Group
  ) -> Double {
    guard let own = rate(group), let first = rate(first), first > 0 else { return 1 }
    return own / first
  }

  private mutating func describe(
    _ found: OptimizerRecord, _ state: String, _ count: Int, _ optimizer: any Optimizer
  ) {
    var text = "goes on with \(state)"
    if let steps = found.steps { text += " at step \(steps)" }
    if found.memories.isEmpty {
      text += ", which remembers nothing but its settings"
    } else {
      text += ": \(remembered) of \(count) learning weights are remembered"
    }
    if let rate = options.rate { text += ", learning rate \(rate)" }
    notes.append(text + " (--fresh-optimizer begins anew)")
    notes += found.notes
  }

  /// What is remembered of a weight, if it is all that the optimiser asks for.
  private func fittingMemory(
    of parameter: Parameter, _ optimizer: any Optimizer
  ) -> OptimizerRecord.Memory? {
    let slots = optimizer.slots(for: parameter.shape)
    guard let memory = record?.memories[parameter.name], memory.steps != 0, !slots.isEmpty,
      slots.allSatisfy({ slot in
        memory.slots[slot.name].map { $0.shape == slot.shape && $0.dataType.isReal } ?? false
      })
    else { return nil }
    return memory
  }

  /// What the optimiser is to remember, as `Optimization.restore` takes it.
  /// - Throws: what reading the file throws.
  func memory(
    of parameters: [Parameter], _ optimizer: any Optimizer
  ) throws -> OrderedDictionary<String, Tensor> {
    var state: OrderedDictionary<String, Tensor> = [:]
    for parameter in parameters {
      guard let memory = fittingMemory(of: parameter, optimizer) else { continue }
      // Where nobody counts, it is enough that there were some
      let steps = memory.steps ?? record?.steps ?? 1
      state["\(parameter.name).step"] = Tensor(shape: [], [Float(max(steps, 1))])
      for slot in optimizer.slots(for: parameter.shape) {
        state["\(parameter.name).\(slot.name)"] = try naming("the optimizer's '\(parameter.name)'")
        {
          try memory.slots[slot.name]?.load().cast(to: .float32)
        }
      }
    }
    return state
  }

  /// What a weight decays by; nil where the state does not say.
  func weightDecay(of name: String) -> Double? { decays[name] }

  /// What a weight's rate is multiplied with.
  func rateFactor(of name: String) -> Double { rates[name] ?? 1 }
}
