import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// An optimiser's state as Keras 3 writes it: its configuration, and its variables in their order.
struct KerasOptimizerWriter {
  /// `Adam`.
  let className: String
  /// What variables' names begin with: `adam`.
  let name: String
  /// How the model is compiled, as archives have it: with the optimiser among the rest.
  private let training: JSONValue
  private let config: JSONValue
  let variables: [(name: String, entry: TensorEntry)]

  private static let classes = [
    "adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "lion": "Lion",
  ]

  /// Why a state has no place in a file of Keras; nil when it has one.
  static func obstacle(_ record: OptimizerRecord) -> DataError? {
    guard classes[record.kind] != nil else {
      return DataError(.unsupported, "Keras's \(record.title) computes otherwise")
    }
    let decays = record.groups.contains { $0.settings["weight_decay"]?.double ?? 0 != 0 }
    guard !decays || ["adamw", "lion"].contains(record.kind) else {
      return DataError(.unsupported, "in Keras no weights decay through the gradient")
    }
    guard record.groups.count == 1 else {
      return DataError(
        .unsupported, "Keras has one group of weights, and this has \(record.groups.count)")
    }
    let settings = record.groups[0].settings
    if record.kind == "sgd", settings["momentum"]?.double ?? 0 != 0,
      let dampening = settings["dampening"]?.double, dampening != 0
    {
      return DataError(.unsupported, "Keras's SGD has no dampening, and this has \(dampening)")
    }
    return nil
  }

  /// What Keras computes otherwise, though the state has its place.
  static func remarks(on checkpoint: Checkpoint) -> [String] {
    guard let record = checkpoint.optimizer, ["adam", "adamw"].contains(record.kind),
      record.groups.contains(where: { $0.settings["uncorrected_eps"]?.bool != true })
    else { return [] }
    return ["Keras adds epsilon to the root as it is, PyTorch to a corrected one"]
  }

  /// - Throws: `.unsupported` where there is an obstacle.
  init(_ record: OptimizerRecord, of model: ExportedModel, _ checkpoint: Checkpoint) throws {
    if let obstacle = KerasOptimizerWriter.obstacle(record) { throw obstacle }
    let before = (checkpoint.native as? KerasTraining)?.json
    let old = before?["optimizer"] ?? before?["optimizer_config"]
    let settings = record.groups[0].settings
    // Adam's weights decay as AdamW's where somebody says so
    let isAdam = record.kind == "adamw" && old?["class_name"] == "Adam"
    className = isAdam ? "Adam" : KerasOptimizerWriter.classes[record.kind] ?? record.kind
    let names = ["Adam": "adam", "AdamW": "adam_w", "SGD": "sgd", "Lion": "lion"]
    name = names[className] ?? "optimizer"
    // As the variable has it, so that what is multiplied with it comes back
    let rate = Double(Float(settings["lr"]?.double ?? 0.001))
    var config = old?["class_name"]?.string == className ? old?["config"]?.object ?? [:] : [:]
    config["name"] = config["name"] ?? .string(name)
    config["learning_rate"] = .number(rate)
    config["use_ema"] = false
    // Sums of gradients in between are not remembered here
    if config["gradient_accumulation_steps"] != nil {
      config["gradient_accumulation_steps"] = .null
    }
    if let decay = settings["weight_decay"]?.double {
      config["weight_decay"] = decay == 0 && className != "AdamW" ? .null : .number(decay)
    }
    if let betas = settings["betas"]?.array, betas.count == 2 {
      config["beta_1"] = betas[0]
      config["beta_2"] = betas[1]
    }
    for (own, theirs) in [
      ("eps", "epsilon"), ("amsgrad", "amsgrad"), ("momentum", "momentum"),
      ("nesterov", "nesterov"),
    ] {
      if let value = settings[own], record.kind != "lion" { config[theirs] = value }
    }
    self.config = .object(config)
    training = before ?? [:]
    variables = try KerasOptimizerWriter.variables(
      record, model, checkpoint, prefix: name, rate: rate)
  }

  private static func variables(
    _ record: OptimizerRecord, _ model: ExportedModel, _ checkpoint: Checkpoint, prefix: String,
    rate: Double
  ) throws -> [(name: String, entry: TensorEntry)] {
    // PyTorch's SGD and Lion do not count; without a step, Keras remembers nothing
    let count = max(record.steps ?? 0, record.memories.isEmpty ? 0 : 1)
    let steps = TensorEntry(name: "iteration", Tensor(shape: [], [Int64(count)]))
    let rateEntry = TensorEntry(name: "learning_rate", Tensor(shape: [], [Float(rate)]))
    var variables = [("\(prefix)/iteration", steps), ("\(prefix)/learning_rate", rateEntry)]
    guard let graph = checkpoint.graph,
      let layout = KerasOptimizer.layout(record.kind, record.groups[0].settings)
    else { return variables }
    let titles = [
      "exp_avg": "momentum", "exp_avg_sq": "velocity", "max_exp_avg_sq": "velocity_hat",
      "momentum_buffer": "momentum",
    ]
    for run in layout.runs {
      let slots = try run.map { slot in
        try KerasExporter.model(graph, checkpoint.normalised.map { record.standing(for: $0, slot) })
      }
      for (place, layer) in model.layers.enumerated() {
        for (index, weight) in layer.weights.enumerated()
        where !KerasReader.fixed.contains(weight.leaf) {
          for (slot, other) in zip(run, slots) {
            guard other.layers.indices.contains(place),
              other.layers[place].weights.indices.contains(index)
            else { throw DataError(.unsupported, "the state has no place in '\(layer.name)'") }
            var entry = other.layers[place].weights[index].entry
            if weight.source == nil { entry = entry.zeros }
            let name = "\(prefix)/\(layer.name)_\(weight.leaf)_\(titles[slot] ?? slot)"
            variables.append(
              (name, try layout.scaled(entry, slot, rate: rate, isWriting: true)))
          }
        }
      }
    }
    return variables
  }

  /// `compile_config` of an archive.
  var compiled: JSONValue {
    var document = training.object ?? [:]
    document["optimizer_config"] = nil
    document["optimizer"] = [
      "module": "keras.optimizers", "class_name": .string(className), "config": config,
      "registered_name": .null,
    ]
    for (key, value) in KerasOptimizerWriter.usual where document[key] == nil {
      document[key] = value
    }
    return .object(document)
  }

  /// `training_config` of an HDF5 file.
  var trained: JSONValue {
    var document = compiled.object ?? [:]
    document["optimizer"] = nil
    document["optimizer_config"] = ["class_name": .string(className), "config": config]
    return .object(document)
  }

  private static let usual: OrderedDictionary<String, JSONValue> = [
    "loss": .null, "loss_weights": .null, "metrics": .null, "weighted_metrics": .null,
    "run_eagerly": false, "steps_per_execution": 1, "jit_compile": false,
  ]

  /// Writes the variables as HDF5 files have them.
  func write(listedIn writer: HDF5Writer) throws {
    try writer.attribute("training_config", of: "", text: trained.text())
    let group = "optimizer_weights"
    try writer.group(group)
    var seen: [String: Int] = [:]
    let names = variables.map { variable in
      let count = seen[variable.name, default: 0]
      seen[variable.name] = count + 1
      return count == 0 ? variable.name : "\(variable.name)_\(count)"
    }
    try writer.attribute("weight_names", of: group, texts: names)
    for (name, variable) in zip(names, variables) {
      try writer.dataset("\(group)/\(name)", variable.entry)
    }
  }

  /// Writes the variables as archives have them.
  func write(numberedIn writer: HDF5Writer) throws {
    try writer.group("optimizer/vars")
    try writer.attribute("name", of: "optimizer/vars", text: name)
    for (index, variable) in variables.enumerated() {
      try writer.dataset("optimizer/vars/\(index)", variable.entry)
    }
  }
}

extension OptimizerRecord {
  /// What a slot has for a weight, or as many zeros.
  fileprivate func standing(for weight: NormalisedTensor, _ slot: String) -> NormalisedTensor {
    var standing = weight
    let found = memories[weight.entry.name]?.slots[slot]
    standing.entry = found?.renamed(weight.entry.name) ?? weight.entry.zeros
    return standing
  }
}
