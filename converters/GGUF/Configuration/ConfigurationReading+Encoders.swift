import Formats
import JSON
import OrderedCollections
import Tensors

/// BERT and its kin: several models of transformers are one architecture of llama.cpp.
extension ConfigurationReading {
  /// The tokenizer tells RoBERTa (byte-level) and XLM-RoBERTa (Unigram) from BERT; DistilBERT has no types of tokens.
  func completeBERT(_ config: inout OrderedDictionary<String, JSONValue>) {
    let types = shapes["token_types.weight"]?.first
    let type =
      switch metadata["tokenizer.ggml.model"]?.string {
      case "gpt2": "roberta"
      case "t5", "llama": "xlm-roberta"
      default: types == nil ? "distilbert" : "bert"
      }
    config["model_type"] = .string(type)
    config["type_vocab_size"] = types.map { .integer($0) }
    if ModelTypes.countPlacesFromPadding.contains(type) {
      let padding = metadata["tokenizer.ggml.padding_token_id"]?.integer ?? 1
      if let places = config["max_position_embeddings"]?.integer, (0..<1 << 24).contains(padding),
        places < 1 << 30
      {
        config["max_position_embeddings"] = .integer(places + padding + 1)
        config["pad_token_id"] = .integer(padding)
      }
    }
    if type == "distilbert" {
      for (theirs, usual) in ModelTypes.distilBERT {
        config[theirs] = config.removeValue(forKey: usual)
      }
      config["layer_norm_eps"] = nil
      config["position_embedding_type"] = nil
    }
    completeClasses(&config, prefix: ModelTypes.prefix(type))
  }

  func completeModernBERT(_ config: inout OrderedDictionary<String, JSONValue>) {
    let activation = metadata.hyperparameter("hidden_activation")?.string
    config["hidden_activation"] = .string(activation ?? "gelu")
    let pooling = metadata.hyperparameter("classifier.pooling_type")?.integer
    config["classifier_pooling"] = .string(pooling == 2 ? "cls" : "mean")
    completeClasses(&config, prefix: "ModernBert")
  }

  /// The class of transformers, and the names of what its classifier tells apart.
  private func completeClasses(
    _ config: inout OrderedDictionary<String, JSONValue>, prefix: String
  ) {
    guard shapes["cls.output.weight"] != nil else {
      config["architectures"] = [.string("\(prefix)Model")]
      return
    }
    config["architectures"] = [.string("\(prefix)ForSequenceClassification")]
    guard let labels = try? metadata.hyperparameter("classifier.output_labels")?.strings(),
      labels.count <= 1 << 16
    else { return }
    let names = labels.enumerated().map { ("\($0)", JSONValue.string($1)) }
    config["id2label"] = .object(OrderedDictionary(uniqueKeysWithValues: names))
    let ids = labels.enumerated().map { ($1, JSONValue.integer($0)) }
    config["label2id"] = .object(OrderedDictionary(ids, uniquingKeysWith: { first, _ in first }))
  }

  /// Which layers have the window, where it is said.
  func completeWindows(
    _ config: inout OrderedDictionary<String, JSONValue>, _ architecture: GGUFArchitecture
  ) {
    guard let usual = WindowPattern.usual(architecture.name),
      let said = metadata.hyperparameter("attention.sliding_window_pattern"),
      let layers = config["num_hidden_layers"]?.integer, (1...1 << 16).contains(layers)
    else { return }
    let windowed: [Bool]
    if let every = said.integer, every >= 0 {
      windowed = usual.every(every).layers(layers)
    } else if let listed = try? said.truths(), listed.count == layers {
      windowed = listed
    } else {
      return
    }
    config["layer_types"] = .array(
      windowed.map { $0 ? "sliding_attention" : "full_attention" })
  }
}

/// What transformers calls the models that are `bert` in llama.cpp.
enum ModelTypes {
  /// Those whose table of positions begins with the places up to the padding's.
  static let countPlacesFromPadding: Set<String> = ["roberta", "xlm-roberta", "camembert"]

  /// DistilBERT's names of sizes, and the usual ones.
  static let distilBERT: [(theirs: String, usual: String)] = [
    ("dim", "hidden_size"), ("n_layers", "num_hidden_layers"), ("n_heads", "num_attention_heads"),
    ("hidden_dim", "intermediate_size"), ("activation", "hidden_act"),
  ]

  /// What the names of its classes begin with.
  static func prefix(_ type: String) -> String {
    switch type {
    case "roberta": "Roberta"
    case "xlm-roberta": "XLMRoberta"
    case "distilbert": "DistilBert"
    default: "Bert"
    }
  }
}

/// Which layers see a window only, as llama.cpp takes it unless a file says otherwise.
struct WindowPattern {
  var period: Int
  /// Whether the first layer of each group sees everything, and not the last.
  var beginsWithWhole: Bool

  static func usual(_ architecture: String) -> WindowPattern? {
    switch architecture {
    case "gemma2": WindowPattern(period: 2, beginsWithWhole: false)
    case "gemma3": WindowPattern(period: 6, beginsWithWhole: false)
    case "modern-bert": WindowPattern(period: 3, beginsWithWhole: true)
    default: nil
    }
  }

  func every(_ period: Int) -> WindowPattern {
    WindowPattern(period: period, beginsWithWhole: beginsWithWhole)
  }

  func layers(_ count: Int) -> [Bool] {
    (0..<count).map {
      period == 0 || (beginsWithWhole ? $0 % period != 0 : $0 % period < period - 1)
    }
  }
}
