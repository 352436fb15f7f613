import ModelGraph

/// What flows between Keras layers, as a value of our graph.
struct KerasTensor {
  var id: ValueID
  /// Axes, the batch among them.
  var rank: Int
  /// Whether the value has its channels in the second axis, while Keras has them in the last.
  var isChannelsFirst: Bool
}
