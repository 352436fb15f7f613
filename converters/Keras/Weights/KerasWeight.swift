import Formats
import JSON

/// A weight of a Keras file, with what is known about its place.
struct KerasWeight: Sendable {
  /// The tensor under its path in the file.
  var entry: TensorEntry
  /// The layer's name, with the names of the models around it: `["block", "conv1"]`.
  var module: [String]
  /// What it is in the layer: `kernel`, `gamma`, `moving_mean`.
  var leaf: String
  /// The layer's class, where the file tells it.
  var className: String?
}

/// Everything in a Keras file that is a tensor.
struct KerasWeights: Sendable {
  var weights: [KerasWeight] = []
  /// Optimizer and random state.
  var auxiliary: [TensorEntry] = []
  var notes: [String] = []
  /// Whether the weights come in the order in which Keras makes them: an HDF5 file has that of names.
  var isInOrder = false
}
