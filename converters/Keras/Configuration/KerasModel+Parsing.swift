import BinaryIO
import JSON
import OrderedCollections

extension KerasModel {
  /// Reads the configuration of a model, as it stands in the attribute `model_config` or the entry `config.json`.
  /// - Throws: `.malformed` for what is no configuration, `.unsupported` for a model that is neither Functional nor
  ///   Sequential.
  init(configuration: JSONValue) throws {
    guard let className = configuration["class_name"]?.string else {
      throw DataError(.malformed, "the configuration has no class_name", expected: "a Keras model")
    }
    guard let config = configuration["config"] else {
      throw DataError(.malformed, "the configuration of the \(className) has no config")
    }
    try self.init(className: className, config: config, name: configuration["name"]?.string)
  }

  /// Whether a class of this name is a model whose layers are listed.
  static func isModel(_ className: String) -> Bool {
    ["Functional", "Model", "Sequential"].contains(className)
  }

  fileprivate init(className: String, config: JSONValue, name: String?) throws {
    let name = config["name"]?.string ?? name ?? "model"
    guard KerasModel.isModel(className) else {
      throw DataError(
        .unsupported, "a model of the class '\(className)', whose computation is Python code",
        expected: "a Functional or Sequential model")
    }
    // Keras 1 writes the layers of a Sequential model without anything around them
    guard let layers = config["layers"]?.array ?? config.array else {
      throw DataError(
        .malformed, "the configuration lists no layers", subject: "model '\(name)'")
    }
    self.init(
      kind: className == "Sequential" ? .sequential : .functional, name: name,
      layers: try layers.map { try KerasLayer(configuration: $0) })
    if kind == .functional {
      inputs = try KerasModel.ends(config["input_layers"], "input_layers", name)
      outputs = try KerasModel.ends(config["output_layers"], "output_layers", name)
    }
    var seen: Set<String> = []
    for layer in self.layers where !seen.insert(layer.name).inserted {
      throw DataError(
        .malformed, "two layers have the name '\(layer.name)'", subject: "model '\(name)'")
    }
  }

  /// A list of `[layer, call, output]`, or one of them alone, or a dictionary of them.
  private static func ends(_ value: JSONValue?, _ key: String, _ name: String) throws
    -> [KerasArgument]
  {
    guard let value else {
      throw DataError(.malformed, "the configuration has no \(key)", subject: "model '\(name)'")
    }
    if let one = KerasArgument(reference: value) { return [one] }
    if let members = value.object { return try members.values.flatMap { try ends($0, key, name) } }
    guard let elements = value.array else {
      throw DataError(.malformed, "\(key) is no list of layers", subject: "model '\(name)'")
    }
    return try elements.flatMap { try ends($0, key, name) }
  }
}

extension KerasLayer {
  init(configuration: JSONValue) throws {
    guard let className = configuration["class_name"]?.string else {
      throw DataError(.malformed, "a layer without class_name")
    }
    let config = FirstKeras.config(configuration["config"] ?? [:])
    guard let name = config["name"]?.string ?? configuration["name"]?.string else {
      throw DataError(.malformed, "a layer of the class '\(className)' without a name")
    }
    self.init(
      name: name, className: FirstKeras.className(className),
      module: configuration["module"]?.string,
      registeredName: configuration["registered_name"]?.string, config: config,
      calls: try naming("layer '\(name)'") {
        try (configuration["inbound_nodes"]?.array ?? []).map { try KerasCall(node: $0) }
      })
    if KerasModel.isModel(className) {
      model = try KerasModel(className: className, config: config, name: name)
    }
  }
}

extension KerasCall {
  /// Keras 3 writes `{"args": […], "kwargs": {…}}`, Keras 1 and 2 write `[[layer, call, output, {…}], …]`.
  init(node: JSONValue) throws {
    if let positional = node["args"]?.array {
      arguments = try positional.map { try KerasArgument(argument: $0) }
      for (key, value) in node["kwargs"]?.object ?? [:] where key != "training" && key != "mask" {
        let argument = try KerasArgument(argument: value)
        if !argument.tensors.isEmpty { arguments.append(argument) }
      }
      return
    }
    if let reference = KerasArgument(reference: node) {
      arguments = [reference]
      return
    }
    guard let references = node.array ?? node.object.map({ Array($0.values) }) else {
      throw DataError(.malformed, "an inbound node of an unknown form")
    }
    let tensors = try references.map { reference in
      guard let tensor = KerasArgument(reference: reference) else {
        throw DataError(.malformed, "an inbound node of an unknown form")
      }
      return tensor
    }
    arguments = tensors.count == 1 ? tensors : [.list(tensors)]
  }
}

extension KerasArgument {
  /// `[layer, call, output]`, and Keras 2's further arguments after it.
  init?(reference: JSONValue) {
    guard let layer = reference[0]?.string, let call = reference[1]?.integer,
      let output = reference[2]?.integer
    else { return nil }
    self = .tensor(layer: layer, call: call, output: output)
  }

  /// An argument as Keras 3 writes it.
  init(argument: JSONValue) throws {
    if let elements = argument.array {
      self = .list(try elements.map { try KerasArgument(argument: $0) })
    } else if argument["class_name"]?.string == "__keras_tensor__" {
      guard let history = argument["config"]?["keras_history"],
        let tensor = KerasArgument(reference: history)
      else { throw DataError(.malformed, "a tensor without its history") }
      self = tensor
    } else {
      self = .value(argument)
    }
  }
}
