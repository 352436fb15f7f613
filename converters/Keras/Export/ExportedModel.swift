import Formats
import JSON
import OrderedCollections

/// A Functional model to be written: its layers in order, with their weights.
struct ExportedModel {
  var name: String
  var layers: [ExportedLayer] = []
  var inputs: [ExportedTensor] = []
  var outputs: [ExportedTensor] = []
}

/// A layer with its settings, its weights and the places where it is called.
struct ExportedLayer {
  var name: String
  var className: String
  var config: OrderedDictionary<String, JSONValue>
  /// What each call is called with.
  var calls: [[ExportedTensor]]
  /// In the order in which Keras makes them.
  var weights: [ExportedWeight]
}

/// A weight in Keras's axes.
struct ExportedWeight {
  /// What Keras calls it: `kernel`.
  var leaf: String
  var entry: TensorEntry
  /// The name in the common form; nil for constants of the graph.
  var source: String?
  var action: TensorAction
}

/// The result of a call of a layer.
struct ExportedTensor: Hashable {
  /// The layer's place in the model.
  var layer: Int
  var call: Int
  var rank: Int
  /// Whether Keras has the channels last where the graph has them in the second axis.
  var isImage: Bool
}
