import BinaryIO

/// Every class of layers that a graph can be made of. A new one is a line in its group's table.
enum KerasLayers {
  typealias Translation =
    @Sendable (inout KerasGraphBuilder, KerasLayerCall) throws -> KerasTensor

  static let all: [String: Translation] =
    [
      ConvolutionLayers.all, ActivationLayers.all, PoolingLayers.all, MergeLayers.all,
      NormalizationLayers.all, ShapeLayers.all,
    ].reduce(into: identities) { $0.merge($1) { _, last in last } }

  /// Layers that do nothing once a model is trained.
  private static let identities: [String: Translation] = Dictionary(
    uniqueKeysWithValues: [
      "ActivityRegularization", "AlphaDropout", "GaussianDropout", "GaussianNoise",
      "Identity", "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation",
      "RandomTranslation", "RandomZoom", "SpatialDropout1D", "SpatialDropout2D",
      "SpatialDropout3D",
    ].map { ($0, identity) })

  private static let identity: Translation = { _, call in try call.input() }

  /// Whether a layer of this class can become part of a graph.
  static func contains(_ layer: KerasLayer) -> Bool {
    isFromKeras(layer) && (all[layer.className] != nil || layer.className == "InputLayer")
  }

  /// Whether the class comes out of Keras, and not out of some other module.
  static func isFromKeras(_ layer: KerasLayer) -> Bool {
    if let name = layer.registeredName, name.contains(">"), !name.hasPrefix("keras") {
      return false
    }
    guard let module = layer.module else { return true }
    return ["keras", "tf_keras", "tensorflow"].contains {
      module == $0 || module.hasPrefix("\($0).")
    }
  }
}
