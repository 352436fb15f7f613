import BinaryIO
import JSON
import OrderedCollections
import Tensors

/// What an optimiser remembers of a checkpoint's weights, so that training can go on where it stopped.
///
/// Names and axes of parameters are those of `Checkpoint.normalised`; names of settings and slots are those of `torch.optim`.
public struct OptimizerRecord: Sendable {
  /// Weights that learn alike.
  public struct Group: Sendable {
    /// `lr`, `betas`, `weight_decay` …
    public var settings: OrderedDictionary<String, JSONValue>
    /// In the order in which the optimiser was given them.
    public var parameters: [String]

    public init(settings: OrderedDictionary<String, JSONValue>, parameters: [String]) {
      self.settings = settings
      self.parameters = parameters
    }
  }

  /// What is remembered of one weight.
  public struct Memory: Sendable {
    /// How many steps it has made; nil where nobody counts.
    public var steps: Int?
    /// `exp_avg`, `momentum_buffer` …
    public var slots: OrderedDictionary<String, TensorEntry>

    public init(steps: Int?, slots: OrderedDictionary<String, TensorEntry>) {
      self.steps = steps
      self.slots = slots
    }
  }

  /// `adamw`: the optimiser's name in small letters.
  public var kind: String
  public var groups: [Group]
  /// By the names of weights; one that has not learnt yet has none.
  public var memories: OrderedDictionary<String, Memory>
  /// How many steps the training made, where the file says it apart from the weights.
  public var globalStep: Int?
  /// Where it lies in the file; names of `Checkpoint.auxiliary` begin with it.
  public var place = ""
  /// What a person should know about how it was read, or how it is written.
  public var notes: [String] = []

  public init(
    kind: String, groups: [Group], memories: OrderedDictionary<String, Memory>,
    globalStep: Int? = nil
  ) {
    self.kind = kind
    self.groups = groups
    self.memories = memories
    self.globalStep = globalStep
  }

  /// What people call the number of steps beside weights and optimiser, the likeliest first.
  public static let stepCounters = ["global_step", "step", "iteration", "iter"]

  /// Slots that have not the shape of their weight, and so are renamed at most.
  public static let factors: Set<String> = ["row_var", "col_var"]
}

extension OptimizerRecord {
  /// The most steps that any weight has made; nil where nobody counts.
  public var steps: Int? { memories.values.compactMap(\.steps).max() ?? globalStep }

  /// The slots' names, in the order in which they occur.
  public var slotNames: OrderedSet<String> { OrderedSet(memories.values.flatMap(\.slots.keys)) }

  /// All that it remembers, as tensors under `<weight>.<slot>`.
  public var entries: [TensorEntry] {
    memories.flatMap { name, memory in
      memory.slots.map { slot, entry in entry.renamed("\(name).\(slot)") }
    }
  }

  /// The names of all optimisers that are known, as people write them.
  public static let titles: OrderedDictionary<String, String> = [
    "sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop",
    "adafactor": "Adafactor", "lion": "Lion",
  ]

  /// `AdamW`.
  public var title: String { OptimizerRecord.titles[kind] ?? kind }

  /// One line for a person: `AdamW at step 1200, 62 weights (exp_avg, exp_avg_sq), learning rate 0.001`.
  public var description: String {
    var text = title
    if let steps { text += " at step \(steps)" }
    let all = groups.reduce(0) { $0 + $1.parameters.count }
    text += ", \(memories.count) of \(all) weights"
    if !slotNames.isEmpty { text += " (\(slotNames.joined(separator: ", ")))" }
    let rates = OrderedSet(groups.compactMap { $0.settings["lr"]?.double })
    if !rates.isEmpty {
      text += ", learning rate \(rates.map { "\($0)" }.joined(separator: " and "))"
    }
    return text
  }
}

extension OptimizerRecord {
  /// The same under other names, where each slot is changed as its weight was.
  ///
  /// - Parameter translate: makes all weights of the other side, each with the names that it comes from, and takes some
  ///   of them from other tensors.
  /// - Returns: the record, and the weights whose memory found no place: it is left out.
  /// - Throws: what `translate` throws; `.unsupported` where a weight was made by more than moving numbers.
  public func translated(
    _ translate: (_ others: [String: TensorEntry]) throws -> [NormalisedTensor]
  ) throws -> (record: OptimizerRecord, left: [String]) {
    var record = self
    var placed: Set<String> = []
    var targets: OrderedDictionary<String, [String]> = [:]
    var exact: [String: String] = [:]
    for made in try translate([:]) {
      for source in made.sources { targets[source, default: []].append(made.entry.name) }
      if made.sources.count == 1, made.action == .exact { exact[made.sources[0]] = made.entry.name }
    }
    for index in groups.indices {
      record.groups[index].parameters = groups[index].parameters.flatMap { name in
        (targets[name] ?? []).filter { placed.insert($0).inserted }
      }
    }
    record.memories = [:]
    var arrived: Set<String> = []
    for slot in slotNames {
      var values: [String: TensorEntry] = [:]
      for (name, memory) in memories { values[name] = memory.slots[slot] }
      guard !OptimizerRecord.factors.contains(slot) else {
        for (name, entry) in values where targets[name]?.count == 1 {
          guard let target = exact[name] else { continue }
          record.memories[target, default: Memory(steps: memories[name]?.steps, slots: [:])]
            .slots[slot] = entry
          arrived.insert(name)
        }
        continue
      }
      for made in try translate(values) {
        guard !made.sources.isEmpty, made.sources.allSatisfy({ values[$0] != nil }) else {
          continue
        }
        let name = made.entry.name
        guard made.action != .folded else {
          throw DataError(
            .unsupported,
            "is made of weights by more than moving numbers, so that their \(slot) has no place in it",
            subject: "tensor '\(name)'")
        }
        let steps = made.sources.compactMap { memories[$0]?.steps }.max()
        record.memories[name, default: Memory(steps: steps, slots: [:])].slots[slot] = made.entry
        arrived.formUnion(made.sources)
      }
    }
    return (record, memories.keys.filter { !arrived.contains($0) })
  }
}

extension Checkpoint {
  /// The tensors that are neither weights nor what an optimiser remembers of them.
  public var tensorsBesides: [TensorEntry] {
    guard let place = optimizer?.place, !place.isEmpty else { return auxiliary }
    return auxiliary.filter { !$0.name.hasPrefix("\(place).") && !$0.name.hasPrefix("\(place)/") }
  }
}
