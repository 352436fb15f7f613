import Formats
import JSON
import OrderedCollections
import Tensors

/// BERT and its kin, as llama.cpp's converter writes them.
extension ConfigurationWriting {
  func writeBERT(to metadata: inout GGUFMetadata) {
    metadata[key("attention.causal")] = .bool(false)
    let types = config["type_vocab_size"]?.integer.flatMap(UInt32.init(exactly:)) ?? 1
    metadata["tokenizer.ggml.token_type_count"] = .uint32(max(types, 1))
    guard ModelTypes.countPlacesFromPadding.contains(type) else { return }
    // The file has no places that no token takes
    let padding = config["pad_token_id"]?.integer ?? 1
    if let places = config["max_position_embeddings"]?.integer, (1...1 << 30).contains(places),
      (0..<places).contains(padding), let left = UInt32(exactly: places - padding - 1)
    {
      metadata[key("context_length")] = .uint32(left)
      metadata["tokenizer.ggml.padding_token_id"] = .uint32(UInt32(truncatingIfNeeded: padding))
    }
  }

  func writeModernBERT(to metadata: inout GGUFMetadata) {
    metadata[key("attention.causal")] = .bool(false)
    metadata[key("rope.scaling.type")] = .string("none")
    let activation = config["hidden_activation"]?.string ?? "gelu"
    metadata[key("hidden_activation")] = .string(activation)
    let isMean = config["classifier_pooling"]?.string == "mean"
    metadata[key("classifier.pooling_type")] = .uint32(isMean ? 1 : 2)
  }

  /// What the classes are called, of which llama.cpp wants to know the number.
  func writeClasses(to metadata: inout GGUFMetadata, count: Int?) {
    guard let count, (1...1 << 16).contains(count) else { return }
    let names = config["id2label"]
    metadata[key("classifier.output_labels")] = .strings(
      (0..<count).map { names?["\($0)"]?.string ?? "LABEL_\($0)" })
    metadata[key("pooling_type")] = .uint32(PoolingKind.classifier.rawValue)
  }

  /// Which layers have the window, where it is not as usual.
  func writeWindows(to metadata: inout GGUFMetadata) {
    guard let usual = WindowPattern.usual(architecture.name), let windowed = windowedLayers else {
      return
    }
    guard windowed != usual.layers(windowed.count) else { return }
    metadata[key("attention.sliding_window_pattern")] = .bools(windowed)
  }

  /// Which layers see a window only; nil where the configuration does not say.
  private var windowedLayers: [Bool]? {
    if let types = config["layer_types"]?.array {
      return types.map { $0.string == "sliding_attention" }
    }
    let said = config["sliding_window_pattern"] ?? config["global_attn_every_n_layers"]
    guard let usual = WindowPattern.usual(architecture.name), let every = said?.integer,
      every > 0, let layers = config["num_hidden_layers"]?.integer, (1...1 << 16).contains(layers)
    else { return nil }
    return usual.every(every).layers(layers)
  }
}

/// How llama.cpp makes one vector of a text's.
enum PoolingKind: UInt32 {
  case none = 0
  case mean, first, last, classifier
}
