import JSON
import OrderedCollections

extension ExportedModel {
  /// The Keras whose files ours are like.
  static let kerasVersion = "3.0.0"

  /// The configuration of a Functional model.
  ///
  /// - Parameter isNamed: whether modules and registered names are written, as `.keras` archives have them and `.h5` does not.
  func configuration(isNamed: Bool) -> JSONValue {
    var document: OrderedDictionary<String, JSONValue> = [:]
    if isNamed { document["module"] = "keras.src.models.functional" }
    document["class_name"] = "Functional"
    document["config"] = [
      "name": .string(name), "trainable": true,
      "layers": .array(layers.map { layer($0, isNamed: isNamed) }),
      "input_layers": ends(inputs), "output_layers": ends(outputs),
    ]
    if isNamed { document["registered_name"] = "Functional" }
    return .object(document)
  }

  private func layer(_ layer: ExportedLayer, isNamed: Bool) -> JSONValue {
    var config: OrderedDictionary<String, JSONValue> = ["name": .string(layer.name)]
    if layer.className != "InputLayer" {
      config["trainable"] = true
      config["dtype"] = "float32"
    }
    config.merge(layer.config) { _, new in new }
    var document: OrderedDictionary<String, JSONValue> = [:]
    if isNamed { document["module"] = "keras.layers" }
    document["class_name"] = .string(layer.className)
    document["config"] = .object(config)
    if isNamed { document["registered_name"] = .null }
    document["name"] = .string(layer.name)
    document["inbound_nodes"] = .array(layer.calls.map { call($0, of: layer) })
    return .object(document)
  }

  private static let merging: Set<String> = [
    "Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract",
  ]

  private func call(_ inputs: [ExportedTensor], of layer: ExportedLayer) -> JSONValue {
    let tensors = inputs.map { tensor -> JSONValue in
      [
        "class_name": "__keras_tensor__",
        "config": [
          "shape": .array([JSONValue](repeating: .null, count: tensor.rank)), "dtype": "float32",
          "keras_history": reference(tensor),
        ],
      ]
    }
    let isList = ExportedModel.merging.contains(layer.className)
    return ["args": .array(isList ? [.array(tensors)] : tensors), "kwargs": [:]]
  }

  private func reference(_ tensor: ExportedTensor) -> JSONValue {
    [.string(layers[tensor.layer].name), .integer(tensor.call), 0]
  }

  /// One alone, or a list of them.
  private func ends(_ tensors: [ExportedTensor]) -> JSONValue {
    tensors.count == 1 ? reference(tensors[0]) : .array(tensors.map(reference))
  }
}
