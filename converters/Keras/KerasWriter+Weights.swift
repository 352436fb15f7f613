import BinaryIO
import Formats
import OrderedCollections
import Tensors

/// Weights without a network, in the layout of `LegacyWeights`: a Keras model takes them layer by layer, in this order.
extension KerasWriter {
  static func writeWeights(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    var layers: OrderedDictionary<String, [NormalisedTensor]> = [:]
    for tensor in checkpoint.normalised {
      let first = String(tensor.entry.name.prefix { $0 != "." })
      layers[first, default: []].append(tensor)
    }
    let norms = Set(
      checkpoint.normalised.filter {
        $0.entry.shape.rank == 1 && $0.entry.name.hasSuffix(".weight")
      }
      .map { $0.entry.name.dropLast("weight".count) })
    let output = try AtomicFileWriter(path: path)
    var places: [Place] = []
    do {
      let writer = try HDF5Writer(path: output.temporaryPath)
      try writer.attribute("layer_names", of: "", texts: Array(layers.keys))
      try writer.attribute("backend", of: "", text: "tensorflow")
      try writer.attribute("keras_version", of: "", text: ExportedModel.kerasVersion)
      if let description = checkpoint.descriptionText {
        try writer.attribute(Checkpoint.descriptionName, of: "", text: description)
      }
      for (layer, tensors) in layers {
        try writer.group(layer)
        let weights = tensors.map { KerasWriter.weight($0.entry, norms: norms) }
        try writer.attribute("weight_names", of: layer, texts: weights.map(\.entry.name))
        for (tensor, weight) in zip(tensors, weights) {
          let name = "\(layer)/\(weight.entry.name)"
          let isPlain = weight.entry.dataType != .bfloat16
          let entry = isPlain ? weight.entry : weight.entry.cast(to: .float32)
          try writer.dataset(name, entry)
          let exported = ExportedWeight(
            leaf: weight.entry.name, entry: entry, source: tensor.entry.name,
            action: weight.action)
          places.append(
            Place(
              weight: exported, name: name, entry: entry, action: isPlain ? weight.action : .cast))
        }
      }
      try writer.finish()
    }
    try output.commit()
    return report(checkpoint, places)
  }

  /// A weight as Keras names and lays it: what `Normalisation` undoes.
  private static func weight(
    _ entry: TensorEntry, norms: Set<Substring>
  ) -> (entry: TensorEntry, action: TensorAction) {
    var parts = entry.name.split(separator: ".").map(String.init)
    let leaf = parts.removeLast()
    let module = parts.joined(separator: "/")
    func named(_ leaf: String) -> String { "\(module)/\(leaf)" }
    let isNorm = norms.contains(entry.name.dropLast(leaf.count))
    switch leaf {
    case "weight" where isNorm: return (entry.renamed(named("gamma")), .exact)
    case "bias" where isNorm: return (entry.renamed(named("beta")), .exact)
    case "weight" where entry.shape.rank == 2 && !module.hasSuffix("embedding"):
      let turned = entry.mapped(shape: Shape([entry.shape[1], entry.shape[0]])) { $0.transposed }
      return (turned.renamed(named("kernel")), .permuted)
    case "weight": return (entry.renamed(named("embeddings")), .exact)
    default: return (entry.renamed(named(leaf)), .exact)
    }
  }
}
