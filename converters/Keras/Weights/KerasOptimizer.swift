import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// An optimiser of Keras 3: its configuration, and what it remembers as numbered variables.
///
/// First the count of batches and the learning rate, then, where averages are kept, one of each weight, where gradients are
/// summed over batches, a sum of each, then the slots: Adam's two of each weight in turn, those of others slot by slot.
/// Weights are in the order of `model.trainable_variables`. One that was never used has the first two alone.
/// - Source: Keras 3.15, `optimizers/base_optimizer.py` and its neighbours.
struct KerasOptimizer {
  let className: String
  let config: JSONValue
  let variables: [TensorEntry]
  /// Where it lies in the file.
  let place: String

  /// The slots, in our words, with how often they follow each other.
  struct Layout {
    /// One run of slots: each weight has all of them, one after the other.
    var runs: [[String]]
    /// How a slot of Keras is one of PyTorch's: the same, or with the learning rate in it.
    var holdsRate: Set<String> = []
    var isNegative = false
  }

  /// Those of each kind that we have.
  static func layout(
    _ kind: String, _ settings: OrderedDictionary<String, JSONValue>
  ) -> Layout? {
    switch kind {
    case "adam", "adamw":
      let hats = settings["amsgrad"]?.bool == true ? [["max_exp_avg_sq"]] : []
      return Layout(runs: [["exp_avg", "exp_avg_sq"]] + hats)
    case "sgd":
      let moves = settings["momentum"]?.double ?? 0 > 0
      return Layout(
        runs: moves ? [["momentum_buffer"]] : [], holdsRate: ["momentum_buffer"], isNegative: true)
    case "lion": return Layout(runs: [["exp_avg"]])
    default: return nil
    }
  }

  /// What it remembers of the weights.
  ///
  /// - Parameters:
  ///   - weights: those that learn.
  ///   - isInOrder: whether they come in Keras's order.
  ///   - normalised: a weight in the common form.
  /// - Throws: `DataError` with what does not fit, or is not ours.
  func record(
    of weights: [KerasWeight], isInOrder: Bool, normalised: (KerasWeight) -> NormalisedTensor
  ) throws -> OptimizerRecord {
    let (kind, settings) = try settings()
    guard let layout = KerasOptimizer.layout(kind, settings) else {
      throw DataError(.unsupported, "the optimizer is \(className)")
    }
    let batches = max(config["gradient_accumulation_steps"]?.integer ?? 1, 1)
    let besides = (config["use_ema"]?.bool == true ? 1 : 0) + (batches > 1 ? 1 : 0)
    let hasRate = config["learning_rate"]?.object == nil
    let head = hasRate ? 2 : 1
    let count = weights.count
    let expected = head + count * (besides + layout.runs.reduce(0) { $0 + $1.count })
    guard let counted = try number(at: 0).flatMap({ Int(exactly: $0) }), counted >= 0,
      variables.count == expected || variables.count == head && counted == 0
    else {
      throw DataError(
        .mismatch, "\(variables.count) variables", expected: "\(expected) for \(count) weights")
    }
    let runs = variables.count == head ? [] : layout.runs
    guard isInOrder || counted == 0 || runs.isEmpty else {
      throw DataError(
        .unsupported, "the file does not say which of its variables belong to which weights")
    }
    // Keras counts batches, and makes a step of several of them
    let steps = counted / batches
    var own = settings
    let rate = try hasRate ? number(at: 1) : initialRate
    if let rate { own["lr"] = .number(rate) }
    var names: [String] = []
    var memories: OrderedDictionary<String, OptimizerRecord.Memory> = [:]
    for weight in weights {
      let name = normalised(weight).entry.name
      names.append(name)
      if steps > 0 { memories[name] = OptimizerRecord.Memory(steps: steps, slots: [:]) }
    }
    var next = head + besides * count
    for run in runs {
      for (weight, name) in zip(weights, names) {
        for slot in run {
          let variable = variables[next]
          next += 1
          guard variable.shape == weight.entry.shape else {
            throw DataError(
              .mismatch, "is \(variable.shape), not \(weight.entry.shape) as '\(name)'",
              subject: "dataset '\(variable.name)'")
          }
          var changed = weight
          changed.entry = try layout.scaled(variable, slot, rate: rate, isWriting: false)
          memories[name]?.slots[slot] = normalised(changed).entry.renamed(slot)
        }
      }
    }
    var record = OptimizerRecord(
      kind: kind, groups: [.init(settings: own, parameters: names)], memories: memories,
      globalStep: steps)
    record.place = place
    record.notes = notes
    return record
  }

  /// A variable that is one number; nil when it is none.
  private func number(at index: Int) throws -> Double? {
    guard variables.indices.contains(index), variables[index].shape.elementCount == 1 else {
      return nil
    }
    return try variables[index].load().doubles.first
  }

  /// Where a schedule begins.
  private var initialRate: Double? {
    config["learning_rate"]?["config"]?["initial_learning_rate"]?.double
  }

  /// The kind in small letters, and the settings in `torch.optim`'s words.
  private func settings() throws -> (String, OrderedDictionary<String, JSONValue>) {
    let decay = config["weight_decay"]?.double ?? 0
    var settings: OrderedDictionary<String, JSONValue> = ["weight_decay": .number(decay)]
    func betas(_ second: Double) -> JSONValue {
      .array([
        .number(config["beta_1"]?.double ?? 0.9), .number(config["beta_2"]?.double ?? second),
      ])
    }
    switch className {
    case "Adam", "AdamW", "adam", "adam_w", "adamw":
      settings["betas"] = betas(0.999)
      settings["eps"] = .number(config["epsilon"]?.double ?? 1e-7)
      settings["amsgrad"] = .bool(config["amsgrad"]?.bool ?? false)
      settings["uncorrected_eps"] = true
      return (decay > 0 || className.lowercased() != "adam" ? "adamw" : "adam", settings)
    case "SGD", "sgd":
      guard decay == 0 else {
        throw DataError(
          .unsupported, "weights that decay beside the gradient, which our sgd's do not")
      }
      settings["momentum"] = .number(config["momentum"]?.double ?? 0)
      settings["nesterov"] = .bool(config["nesterov"]?.bool ?? false)
      return ("sgd", settings)
    case "Lion", "lion":
      settings["betas"] = betas(0.99)
      return ("lion", settings)
    default:
      throw DataError(
        .unsupported, "the optimizer is \(className), whose state is not gone on with",
        expected: "Adam, AdamW, SGD, Lion")
    }
  }

  /// What the run does not do.
  private var notes: [String] {
    let keys = [
      "clipnorm", "global_clipnorm", "clipvalue", "loss_scale_factor",
      "gradient_accumulation_steps",
    ]
    var left = keys.filter { config[$0].map { !$0.isNull } ?? false }
    if config["use_ema"]?.bool == true { left.append("use_ema") }
    if config["learning_rate"]?.object != nil { left.append("the schedule of its learning rate") }
    return left.isEmpty
      ? [] : ["of its settings these are not gone on with: \(left.joined(separator: ", "))"]
  }
}

extension KerasOptimizer.Layout {
  /// Keras's momentum of SGD is `-rate · b`.
  func scaled(
    _ entry: TensorEntry, _ slot: String, rate: Double?, isWriting: Bool
  ) throws -> TensorEntry {
    guard holdsRate.contains(slot) else { return entry }
    guard let rate, rate > 0, rate.isFinite else {
      throw DataError(.unsupported, "a momentum that holds a learning rate which is not known")
    }
    let factor = (isNegative ? -1 : 1) * (isWriting ? rate : 1 / rate)
    return entry.mapped(dataType: .float32, shape: entry.shape) { tensor in
      Tensor(shape: tensor.shape, tensor.doubles.map { Float($0 * factor) })
    }
  }
}

/// What a file says of how its model was compiled: `loss`, `metrics` …
struct KerasTraining: Sendable {
  let json: JSONValue
}

extension KerasReader {
  /// An optimiser as a file has it.
  struct Found {
    /// How the model was compiled.
    var training: JSONValue?
    /// `{"class_name": …, "config": …}`.
    var json: JSONValue?
    /// In their order.
    var variables: [HDF5Dataset]
    var place: String
  }

  /// The optimiser of an HDF5 file, whose variables are listed.
  static func optimizer(in tree: DatasetTree) throws -> Found? {
    guard let group = tree.groups["optimizer_weights"],
      let names = try group.attributes.chunkedTexts("weight_names")
    else { return nil }
    let training = try tree.groups[""]?.attributes.text("training_config")
      .flatMap { text in try naming("'training_config'") { try JSONValue(parsing: text) } }
    return Found(
      training: training, json: training?["optimizer_config"],
      variables: names.compactMap { tree.datasets["optimizer_weights/\($0)"] },
      place: "optimizer_weights")
  }

  /// The optimiser of an archive, whose variables are numbered.
  static func optimizer(in tree: DatasetTree, compiled: JSONValue?) throws -> Found? {
    var variables: [HDF5Dataset] = []
    while let next = tree.datasets["optimizer/vars/\(variables.count)"] { variables.append(next) }
    guard !variables.isEmpty else { return nil }
    var json = compiled?["optimizer"]
    // A configuration that lost it still has the name beside the variables
    if json?.object == nil, let name = try tree.groups["optimizer/vars"]?.attributes.text("name") {
      json = ["class_name": .string(name), "config": [:]]
    }
    return Found(training: compiled, json: json, variables: variables, place: "optimizer")
  }

  /// Takes the state of an optimiser that lies beside the weights.
  ///
  /// - Parameter optimizer: its configuration, `{"class_name": …, "config": …}`, and where its variables are; nil without one.
  ///   What is wrong with it keeps no one from the weights.
  static func adopt(
    _ optimizer: Result<Found?, any Error>,
    _ found: KerasWeights, _ normalisation: Normalisation, _ model: KerasModel?,
    into checkpoint: inout Checkpoint
  ) {
    let still = Set(
      (model?.flattened() ?? []).filter { $0.layer.config["trainable"]?.bool == false }
        .map { $0.path })
    let learning = found.weights.filter {
      !fixed.contains($0.leaf) && !still.contains($0.module)
    }
    do {
      guard let optimizer = try optimizer.get(), !optimizer.variables.isEmpty else { return }
      if let training = optimizer.training { checkpoint.native = KerasTraining(json: training) }
      guard let json = optimizer.json, let name = json["class_name"]?.string else {
        throw DataError(.unsupported, "the file does not say which optimizer's it is")
      }
      guard !optimizer.variables.contains(where: { $0.path.contains(":") }) else {
        throw DataError(
          .unsupported, "the optimizer is one of Keras 2, whose variables lie otherwise")
      }
      let state = KerasOptimizer(
        className: name, config: json["config"] ?? .null,
        variables: optimizer.variables.map { $0.entry() }, place: optimizer.place)
      checkpoint.optimizer = try naming("optimizer state '\(optimizer.place)'") {
        try state.record(
          of: learning, isInOrder: found.isInOrder, normalised: normalisation.normalised)
      }
    } catch {
      checkpoint.optimizerError =
        error as? DataError
        ?? DataError(.malformed, "\(error)", subject: "the optimizer's state")
    }
  }

  /// Variables that no gradient moves.
  static let fixed: Set<String> = [
    "moving_mean", "moving_variance", "mean", "variance", "count", "seed_generator_state",
  ]
}
