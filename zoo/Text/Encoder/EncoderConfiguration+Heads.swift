import ModelGraph
import Operators

/// What stands on the encoder: the pooler and the heads.
extension EncoderConfiguration {
  func outputs(
    _ builder: inout LayerBuilder, _ x: ValueID, _ table: ValueID
  ) throws -> [ValueID] {
    switch head {
    case nil:
      return try [x] + (hasPooler ? [pooled(&builder, x, output: interface.pooled)] : [])
    case .maskedTokens:
      noteUnusedPooler(&builder)
      return [try vocabularyLogits(&builder, x, table, output: "logits")]
    case .pretraining:
      let logits = try vocabularyLogits(&builder, x, table, output: "prediction_logits")
      let vector = try pooled(&builder, x)
      let output = kind == .albert ? "sop_logits" : "seq_relationship_logits"
      return [
        logits,
        try builder.projection(vector, "nsp", from: hidden, to: 2, bias: true, output: output),
      ]
    case .text(let classes):
      return [try textLogits(&builder, x, classes)]
    case .tokens(let classes):
      noteUnusedPooler(&builder)
      return [
        try builder.projection(
          x, "tokens", from: hidden, to: classes, bias: true, output: "logits")
      ]
    case .answers:
      noteUnusedPooler(&builder)
      return builder.answers(
        try builder.projection(x, "answers", from: hidden, to: 2, bias: true))
    case .replacedTokens:
      var y = try builder.projection(x, "discriminator.dense", from: hidden, to: hidden, bias: true)
      y = builder.activation(y, activation, "discriminator.activation")
      y = try builder.projection(y, "discriminator.out", from: hidden, to: 1, bias: true)
      return [
        builder.graph.add(
          Squeeze(), [y, builder.integers("axis_last", [-1])], name: "discriminator.squeeze",
          output: "logits")
      ]
    }
  }

  private func pooled(
    _ builder: inout LayerBuilder, _ x: ValueID, output: String? = nil
  ) throws -> ValueID {
    let first = builder.firstToken(x, "pooler.first")
    let dense = try builder.projection(first, "pooler.dense", from: hidden, to: hidden, bias: true)
    return builder.graph.add(Tanh(), [dense], name: "pooler.activation", output: output)
  }

  /// A pooler that the checkpoint has and the head does not use.
  private func noteUnusedPooler(_ builder: inout LayerBuilder) {
    guard hasPooler else { return }
    for leaf in ["weight", "bias"] { builder.unusedParameter("pooler.dense.\(leaf)") }
  }

  /// The head's vectors against the embeddings.
  private func vocabularyLogits(
    _ builder: inout LayerBuilder, _ x: ValueID, _ table: ValueID, output: String
  ) throws -> ValueID {
    let width = headWidth
    let dense = try builder.projection(x, "mlm.dense", from: hidden, to: width, bias: true)
    let active = builder.activation(dense, headActivation, "mlm.activation")
    let normal = try builder.layerNormalization(active, "mlm.norm", width, epsilon: epsilon)
    let weight =
      hasOwnDecoder ? try builder.parameter("mlm.decoder.weight", [vocabulary, width]) : table
    let bias = try builder.parameter("mlm.bias", [vocabulary])
    return builder.graph.add(
      Linear(), [normal, weight, bias], name: "mlm.decoder", output: output)
  }

  /// Where embeddings have a width of their own, the head has that too.
  var headWidth: Int { kind == .albert || kind == .electra ? embedding : hidden }

  /// RoBERTa's, MPNet's and ELECTRA's is the exact one, whatever the layers have.
  private var headActivation: Activation {
    switch kind {
    case .roberta, .mpnet, .electra: .gelu
    case .bert, .distilBERT, .albert: activation
    }
  }

  private func textLogits(
    _ builder: inout LayerBuilder, _ x: ValueID, _ classes: Int
  ) throws -> ValueID {
    let vector: ValueID
    if kind.classifiesInTwoLayers {
      noteUnusedPooler(&builder)
      let first = builder.firstToken(x, "classifier.first")
      let dense = try builder.projection(
        first, "classifier.dense", from: hidden, to: hidden, bias: true)
      let between: Activation =
        switch kind {
        case .electra: .gelu
        case .distilBERT: .relu
        default: .tanh
        }
      vector = builder.activation(dense, between, "classifier.activation")
    } else {
      vector = try pooled(&builder, x)
    }
    return try builder.projection(
      vector, "classifier.out", from: hidden, to: classes, bias: true, output: "logits")
  }
}
