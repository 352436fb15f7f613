import Formats
import JSON

/// What llama.cpp calls the parts of BERT and of those of its kin that it knows; ours are BERT's names without `bert.`.
///
/// - Source: `gguf`'s table of tensors, and what llama.cpp's converter does. Its `cls` is what makes the first token's
///   vector (with a tanh behind it), `cls.output` what classifies that; of places there are only those that tokens have.
extension EncoderConfiguration {
  /// Nil for kinds and heads that llama.cpp has no place for.
  var ggufNames: NameMap? {
    switch head {
    case nil: break
    // DistilBERT's classifier has another activation inside
    case .text? where kind == .bert: break
    // Its classifier has the place of a pooler
    case .text? where kind == .roberta && !hasPooler: break
    default: return nil
    }
    var isText = false
    if case .text? = head { isText = true }
    return Self.ggufNames(kind, classifies: isText, padding: padding)
  }

  /// - Parameter padding: the id of padding; in front of RoBERTa's table stand the places that it takes.
  static func ggufNames(_ kind: Kind, classifies: Bool, padding: Int) -> NameMap? {
    guard [.bert, .roberta, .distilBERT].contains(kind) else { return nil }
    let parts = [
      ("attn_q", "attention.self.query"), ("attn_k", "attention.self.key"),
      ("attn_v", "attention.self.value"), ("attn_output_norm", "attention.output.LayerNorm"),
      ("attn_output", "attention.output.dense"), ("ffn_up", "intermediate.dense"),
      ("ffn_down", "output.dense"), ("layer_output_norm", "output.LayerNorm"),
    ]
    let positions: NamePattern = "embeddings.position_embeddings.weight"
    let vector = kind == .roberta && classifies ? "classifier.dense" : "pooler.dense"
    return NameMap(
      [
        .rename("token_embd.weight", "embeddings.word_embeddings.weight"),
        kind.countsFromPadding
          ? .rename("position_embd.weight", positions, .leadingRows(padding + 1))
          : .rename("position_embd.weight", positions),
        .rename("token_types.weight", "embeddings.token_type_embeddings.weight"),
        .rename("token_embd_norm.*", "embeddings.LayerNorm.*"),
        .rename("cls.output.*", "classifier.out.*"),
        .rename("cls.*", NamePattern("\(vector).*")),
      ]
        + parts.map {
          .rename(NamePattern("blk.{i}.\($0.0).*"), NamePattern("encoder.layer.{i}.\($0.1).*"))
        })
  }

  /// The table that tells what is in a file.
  static func ggufNames(_ kind: Kind, _ shapes: NamedShapes, config: JSONValue?) -> NameMap? {
    let said = config?["pad_token_id"]?.integer ?? 1
    return ggufNames(
      kind, classifies: shapes["cls.output.weight"] != nil,
      padding: (0..<EncoderConfiguration.widest).contains(said) ? said : 1)
  }
}
