import BinaryIO
import JSON
import ModelGraph
import Operators
import Tensors

extension KerasGraphBuilder {
  /// The graph of a whole model.
  /// - Throws: `.unsupported` with every layer that we do not know; `.malformed` and `.mismatch` when the configuration
  ///   contradicts itself or the weights.
  static func graph(
    of model: KerasModel, weights: [String: TensorType], kerasVersion: Int
  ) throws -> Graph {
    try refuseUnknown(model)
    var builder = KerasGraphBuilder(
      name: model.name, weights: weights, kerasVersion: kerasVersion)
    let outputs: [(String, KerasTensor)]
    switch model.kind {
    case .sequential:
      let input = try builder.sequentialInput(model)
      let last = try builder.chain(model, input, [])
      outputs = [(model.layers.last?.name ?? model.name, last)]
    case .functional:
      let inputs = try builder.functionalInputs(model)
      let results = try builder.run(model, inputs, [])
      outputs = zip(model.outputs, results).map { end, tensor in
        (end.tensors.first?.layer ?? model.name, tensor)
      }
    }
    try builder.finish(outputs)
    return builder.graph
  }

  /// All layers without a translation, in one error.
  private static func refuseUnknown(_ model: KerasModel) throws {
    let unknown = model.flattened().filter { !KerasLayers.contains($0.layer) }
    guard !unknown.isEmpty else { return }
    let list = unknown.prefix(20).map { entry in
      let module = entry.layer.module.map { "\($0)." } ?? ""
      let isOurs = KerasLayers.isFromKeras(entry.layer)
      return
        "\(isOurs ? "" : module)\(entry.layer.className) ('\(entry.path.joined(separator: "/"))')"
    }
    let more = unknown.count > 20 ? " and \(unknown.count - 20) more" : ""
    throw DataError(
      .unsupported,
      "\(unknown.count == 1 ? "a layer" : "\(unknown.count) layers") that we do not run: "
        + list.joined(separator: ", ") + more)
  }

  // MARK: Doors

  /// An input of the model, in the axes that Keras has.
  private mutating func input(_ name: String, _ config: JSONValue) throws -> KerasTensor {
    guard let shape = (config["batch_shape"] ?? config["batch_input_shape"])?.array,
      !shape.isEmpty, shape.count <= 8
    else {
      throw DataError(.unsupported, "the model's input has no shape", subject: "input '\(name)'")
    }
    let symbols = ["batch", "height", "width", "depth"]
    let dimensions = try shape.enumerated().map { i, extent -> Dimension in
      if extent.isNull {
        return i < symbols.count && i < max(shape.count - 1, 1)
          ? .symbol(i == 0 ? "batch" : "\(name)_\(symbols[i])") : .unknown
      }
      guard let value = extent.integer, value > 0, value <= 1 << 40 else {
        throw DataError(
          .malformed, "the model's input has the shape \(JSONValue.array(shape).text())")
      }
      return .fixed(value)
    }
    let type = config["dtype"]?.string.flatMap(DataType.init(elementName:)) ?? .float32
    let id = graph.addInput(unique(name), TensorType(type, dimensions))
    let tensor = KerasTensor(id: id, rank: shape.count, isChannelsFirst: false)
    guard type != .float32 else { return tensor }
    return try emit(Cast(to: .float32), on: tensor, name: "\(name)/float32")
  }

  private mutating func functionalInputs(_ model: KerasModel) throws -> [KerasTensor] {
    try model.inputs.flatMap(\.tensors).map { end in
      guard let layer = model.layers.first(where: { $0.name == end.layer }) else {
        throw DataError(.malformed, "the input layer '\(end.layer)' is not among the layers")
      }
      return try input(layer.name, layer.config)
    }
  }

  private mutating func sequentialInput(_ model: KerasModel) throws -> KerasTensor {
    var first = model.layers.first
    var name = first.map { $0.className == "InputLayer" ? $0.name : "\($0.name)_input" } ?? ""
    // A model may begin with a model, which begins with the input
    while let layer = first, let inner = layer.model {
      first = inner.layers.first { $0.className == "InputLayer" } ?? inner.layers.first
      name = "\(layer.name)_input"
    }
    guard let first else { throw DataError(.malformed, "a model without layers") }
    return try input(name, first.config)
  }

  /// Names the outputs after their layers, in the axes that Keras has.
  private mutating func finish(_ outputs: [(name: String, tensor: KerasTensor)]) throws {
    guard !outputs.isEmpty else { throw DataError(.malformed, "a model without outputs") }
    var taken: Set<ValueID> = Set(graph.inputs)
    for (name, tensor) in outputs {
      var plain = try plain(tensor)
      if !taken.insert(plain.id).inserted {
        plain = try emit(Identity(), on: plain, name: "\(name)/output")
        taken.insert(plain.id)
      }
      if graph[plain.id].name != name, !graph.values.contains(where: { $0.name == name }) {
        graph[plain.id].name = name
      } else if graph[plain.id].name != name, plain.id != tensor.id,
        let other = graph.values.firstIndex(where: { $0.name == name })
      {
        // The door has the layer's name, what comes before it another
        graph[ValueID(index: other)].name = unique("\(name)/channels_first")
        graph[plain.id].name = name
      }
      graph.outputs.append(plain.id)
    }
  }

  // MARK: Layers

  private mutating func chain(_ model: KerasModel, _ input: KerasTensor, _ path: [String]) throws
    -> KerasTensor
  {
    var tensor = input
    for layer in model.layers where layer.className != "InputLayer" {
      let results = try call(layer, path, [tensor], [])
      guard results.count == 1 else {
        throw DataError(
          .malformed, "\(results.count) results in a Sequential model",
          subject: "layer '\(layer.name)'")
      }
      tensor = results[0]
    }
    return tensor
  }

  private mutating func call(
    _ layer: KerasLayer, _ path: [String], _ inputs: [KerasTensor], _ arguments: [KerasArgument]
  ) throws -> [KerasTensor] {
    let inner = path + [layer.name]
    return try naming("layer '\(inner.joined(separator: "/"))' (\(layer.className))") {
      if let model = layer.model {
        guard model.kind == .functional else {
          guard inputs.count == 1 else {
            throw DataError(.malformed, "is called with \(inputs.count) tensors", expected: "one")
          }
          return [try chain(model, inputs[0], inner)]
        }
        return try run(model, inputs, inner)
      }
      guard let translation = KerasLayers.all[layer.className] else {
        throw DataError(.unsupported, "a layer that we do not run")
      }
      return [
        try translation(
          &self,
          KerasLayerCall(layer: layer, path: inner, inputs: inputs, arguments: arguments))
      ]
    }
  }

  /// The results of a Functional model for `inputs`, each layer called when what it needs is there.
  private mutating func run(_ model: KerasModel, _ inputs: [KerasTensor], _ path: [String]) throws
    -> [KerasTensor]
  {
    let plan = try KerasPlan(model)
    guard plan.inputs.count == inputs.count else {
      throw DataError(
        .malformed, "the model is called with \(inputs.count) tensors",
        expected: "\(plan.inputs.count)")
    }
    var results: [KerasPlan.Place: [KerasTensor]] = [:]
    for (place, tensor) in zip(plan.inputs, inputs) { results[place] = [tensor] }
    func tensor(_ reference: KerasPlan.Reference) throws -> KerasTensor {
      guard let outputs = results[reference.place], outputs.indices.contains(reference.output)
      else {
        throw DataError(
          .malformed,
          "refers to output \(reference.output) of '\(model.layers[reference.place.layer].name)', which has none such"
        )
      }
      return outputs[reference.output]
    }
    for step in plan.steps {
      let layer = model.layers[step.place.layer]
      let inputs = try step.inputs.map(tensor)
      results[step.place] = try call(
        layer, path, inputs, layer.calls[step.place.call].arguments)
    }
    return try plan.outputs.map(tensor)
  }
}
