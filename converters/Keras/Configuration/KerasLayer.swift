import BinaryIO
import JSON

/// A layer as a Keras configuration describes it; perhaps a model itself.
struct KerasLayer: Sendable {
  var name: String
  var className: String
  /// The Python module that is to hold the class; nil in files of Keras 1 and 2.
  var module: String?
  /// What a class from outside Keras was registered as.
  var registeredName: String?
  var config: JSONValue
  /// One for each time that the layer is called.
  var calls: [KerasCall]
  /// The layers inside, when the layer is a model.
  var model: KerasModel?
}

/// One call of a layer: what it is called with.
struct KerasCall: Sendable {
  var arguments: [KerasArgument]
}

/// The output of a call of another layer, or a plain value.
indirect enum KerasArgument: Sendable {
  case tensor(layer: String, call: Int, output: Int)
  case list([KerasArgument])
  case value(JSONValue)

  /// The tensors in it, in order.
  var tensors: [(layer: String, call: Int, output: Int)] {
    switch self {
    case .tensor(let layer, let call, let output): [(layer, call, output)]
    case .list(let arguments): arguments.flatMap(\.tensors)
    case .value: []
    }
  }
}

/// A Functional or Sequential model.
struct KerasModel: Sendable {
  enum Kind: Sendable { case functional, sequential }
  var kind: Kind
  var name: String
  var layers: [KerasLayer]
  /// Which outputs of which layers are the model's inputs and outputs; empty for a Sequential model.
  var inputs: [KerasArgument] = []
  var outputs: [KerasArgument] = []

  /// All layers with the names of the models around them, the layers of models inside in their place.
  func flattened(under path: [String] = []) -> [(path: [String], layer: KerasLayer)] {
    layers.flatMap { layer in
      layer.model.map { $0.flattened(under: path + [layer.name]) } ?? [(path + [layer.name], layer)]
    }
  }
}
