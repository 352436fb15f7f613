/// The members that have names.
extension EncoderConfiguration {
  static let named: [(name: String, configuration: EncoderConfiguration)] = {
    func base(
      _ kind: Kind, _ vocabulary: Int, positions: Int = 512, layers: Int = 12,
      embedding: Int? = nil
    ) -> EncoderConfiguration {
      .init(
        kind, vocabulary: vocabulary, hidden: 768, layers: layers, heads: 12, intermediate: 3072,
        positions: positions, embedding: embedding)
    }
    func large(
      _ kind: Kind, _ vocabulary: Int, positions: Int = 512, embedding: Int? = nil
    ) -> EncoderConfiguration {
      .init(
        kind, vocabulary: vocabulary, hidden: 1024, layers: 24, heads: 16, intermediate: 4096,
        positions: positions, embedding: embedding)
    }
    func small(_ layers: Int, _ hidden: Int, heads: Int) -> EncoderConfiguration {
      .init(
        .bert, vocabulary: 30522, hidden: hidden, layers: layers, heads: heads,
        intermediate: hidden * 4)
    }
    return [
      ("BERT base uncased", base(.bert, 30522)), ("BERT base cased", base(.bert, 28996)),
      ("BERT large uncased", large(.bert, 30522)), ("BERT large cased", large(.bert, 28996)),
      ("BERT base multilingual cased", base(.bert, 119_547)),
      ("BERT base multilingual uncased", base(.bert, 105_879)),
      ("BERT base Chinese", base(.bert, 21128)),
      ("BERT MiniLM-L6-H384", small(6, 384, heads: 12)),
      ("BERT MiniLM-L12-H384", small(12, 384, heads: 12)),
      ("BERT tiny", small(2, 128, heads: 2)), ("BERT mini", small(4, 256, heads: 4)),
      ("BERT small", small(4, 512, heads: 8)), ("BERT medium", small(8, 512, heads: 8)),
      ("RoBERTa base", base(.roberta, 50265, positions: 514)),
      ("RoBERTa large", large(.roberta, 50265, positions: 514)),
      ("DistilRoBERTa base", base(.roberta, 50265, positions: 514, layers: 6)),
      ("XLM-RoBERTa base", base(.roberta, 250_002, positions: 514)),
      ("XLM-RoBERTa large", large(.roberta, 250_002, positions: 514)),
      ("DistilBERT base uncased", base(.distilBERT, 30522, layers: 6)),
      ("DistilBERT base cased", base(.distilBERT, 28996, layers: 6)),
      ("DistilBERT base multilingual cased", base(.distilBERT, 119_547, layers: 6)),
      ("MPNet base", base(.mpnet, 30527, positions: 514)),
      (
        "ELECTRA small",
        .init(
          .electra, vocabulary: 30522, hidden: 256, layers: 12, heads: 4, intermediate: 1024,
          embedding: 128)
      ),
      ("ELECTRA base", base(.electra, 30522)),
      ("ELECTRA large", large(.electra, 30522)),
      ("ALBERT base", base(.albert, 30000, embedding: 128)),
      (
        "ALBERT large",
        .init(
          .albert, vocabulary: 30000, hidden: 1024, layers: 24, heads: 16, intermediate: 4096,
          embedding: 128)
      ),
      (
        "ALBERT xlarge",
        .init(
          .albert, vocabulary: 30000, hidden: 2048, layers: 24, heads: 16, intermediate: 8192,
          embedding: 128)
      ),
    ]
  }()

  /// The members of one kind.
  static func variants(of kind: Kind) -> [ModelVariant] {
    named.filter { $0.configuration.kind == kind }.map { ModelVariant($0.name, $0.configuration) }
  }
}
