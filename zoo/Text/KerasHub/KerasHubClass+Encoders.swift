import JSON
import OrderedCollections

extension KerasHubClass {
  /// What transformers would say of one of KerasHub's encoders, whose activations and epsilons are in its code.
  func encoder(_ kind: EncoderConfiguration.Kind, _ type: String) -> Sidecars {
    let keys = TransformersKeys(kind)
    var words = renamed([
      ("vocabulary_size", "vocab_size"), ("vocab_size", "vocab_size"),
      ("hidden_dim", keys.hidden), ("num_layers", keys.layers), ("num_heads", keys.heads),
      ("intermediate_dim", keys.intermediate), ("max_sequence_length", "max_position_embeddings"),
      ("num_segments", "type_vocab_size"), ("embedding_dim", "embedding_size"),
      ("num_groups", "num_hidden_groups"),
    ])
    words["model_type"] = .string(type)
    let isExact = kind == .distilBERT || kind == .roberta
    words[keys.activation] = isExact ? "gelu" : "gelu_new"
    words["layer_norm_eps"] = kind == .roberta ? 1e-5 : 1e-12
    if kind == .roberta, let positions = self["max_sequence_length"]?.integer {
      words["pad_token_id"] = 1
      words["max_position_embeddings"] = .integer(positions.addingReportingOverflow(2).partialValue)
    }
    return words
  }
}

extension EncoderConfiguration {
  /// KerasHub's class of the same function; nil where it has none.
  var kerasHubClass: KerasHubClass? {
    let (name, module): (String, String)
    switch kind {
    case .bert: (name, module) = ("BertBackbone", "bert.bert_backbone")
    case .roberta where modelType == "xlm-roberta":
      (name, module) = ("XLMRobertaBackbone", "xlm_roberta.xlm_roberta_backbone")
    case .roberta: (name, module) = ("RobertaBackbone", "roberta.roberta_backbone")
    case .distilBERT: (name, module) = ("DistilBertBackbone", "distil_bert.distil_bert_backbone")
    case .albert: (name, module) = ("AlbertBackbone", "albert.albert_backbone")
    case .electra: (name, module) = ("ElectraBackbone", "electra.electra_backbone")
    case .mpnet: return nil
    }
    let counted = kind.countsFromPadding ? padding + 1 : 0
    var arguments: Sidecars = [
      kind == .electra ? "vocab_size" : "vocabulary_size": .integer(vocabulary),
      "num_layers": .integer(layers), "num_heads": .integer(heads), "hidden_dim": .integer(hidden),
      "intermediate_dim": .integer(intermediate), "dropout": 0.1,
      "max_sequence_length": .integer(positions - counted),
    ]
    if kind == .albert || kind == .electra { arguments["embedding_dim"] = .integer(embedding) }
    if kind == .albert {
      arguments["num_groups"] = .integer(ownLayers)
      arguments["num_inner_repetitions"] = 1
    }
    if types > 0, kind != .roberta { arguments["num_segments"] = .integer(types) }
    return KerasHubClass(name, in: module, arguments)
  }
}
