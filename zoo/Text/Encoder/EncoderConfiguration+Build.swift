import BinaryIO
import ModelGraph
import Operators
import Tensors

/// The graph. Its parameters have the names that transformers gives BERT's, without `bert.`.
extension EncoderConfiguration {
  /// More layers than any checkpoint has.
  static let mostLayers = 1024
  /// A greater extent than any checkpoint has.
  static let widest = 1 << 28

  public func build() throws -> ModelDefinition {
    guard layers <= Self.mostLayers, heads > 0, ownLayers > 0, hidden % heads == 0,
      max(hidden, intermediate, vocabulary, positions) <= Self.widest
    else {
      throw DataError(
        .limitExceeded, "\(layers) layers of \(heads) heads that share \(hidden) numbers")
    }
    var builder = LayerBuilder(name: variant)
    let ids = builder.tokens(interface.ids)
    let mask = builder.tokens(interface.mask)
    let types = types > 1 ? builder.tokens(interface.types) : nil
    let (embedded, table) = try embeddings(&builder, ids, types)
    let visible = try visibility(&builder, ids, builder.attentionMask(mask))
    var x = embedded
    for index in 0..<layers {
      let isLast = index == layers - 1 && head == nil
      x = try layer(
        &builder, x, index, visible, output: isLast ? interface.hiddenState : nil)
    }
    let outputs = try outputs(&builder, x, table)
    var definition = try builder.finished(outputs)
    definition.defaults[interface.mask] = .ones(like: interface.ids)
    if types != nil { definition.defaults[interface.types] = .zeros(like: interface.ids) }
    definition.longest[interface.ids] = longest
    definition.vocabularies = [interface.ids: vocabulary, interface.types: self.types]
    return definition
  }

  /// The most tokens that a text may have.
  public var longest: Int { kind.countsFromPadding ? positions - padding - 1 : positions }

  private func embeddings(
    _ builder: inout LayerBuilder, _ ids: ValueID, _ types: ValueID?
  ) throws -> (x: ValueID, table: ValueID) {
    let name = "embeddings"
    let (words, table) = try builder.embedding(
      ids, "\(name).word_embeddings", count: vocabulary, size: embedding)
    let places = "\(name).position_embeddings"
    let position =
      kind.countsFromPadding
      ? try builder.embedding(
        builder.positions(of: ids, after: padding), places, count: positions, size: embedding
      ).x
      : try builder.firstPositions(of: ids, places, count: positions, size: embedding)
    var x = words
    let typeName = "\(name).token_type_embeddings"
    if let types {
      let type = try builder.embedding(types, typeName, count: self.types, size: embedding).x
      x = builder.add(x, type, "\(name).typed")
    } else if self.types == 1 {
      let row = try builder.parameter("\(typeName).weight", [1, embedding])
      x = builder.add(x, row, "\(name).typed")
    }
    x = builder.add(x, position, "\(name).sum")
    x = try builder.layerNormalization(x, "\(name).LayerNorm", embedding, epsilon: epsilon)
    if isProjected {
      x = try builder.projection(x, "embeddings_project", from: embedding, to: hidden, bias: true)
    }
    return (x, table)
  }

  /// ALBERT always projects its embeddings.
  var isProjected: Bool { embedding != hidden || kind == .albert }

  /// The mask, and in it the bias of relative positions where there is one.
  private func visibility(
    _ builder: inout LayerBuilder, _ ids: ValueID, _ mask: ValueID
  ) throws -> ValueID {
    guard buckets > 0 else { return mask }
    let places = builder.places(along: 1, of: ids, "places")
    let bias = try builder.relativeBias(
      of: places, to: places, "encoder.relative_attention_bias", buckets: buckets, heads: heads)
    let hidden = builder.scalar("hidden", -.infinity)
    return builder.graph.add(Where(), [mask, bias, hidden], name: "mask.bias")
  }

  private func layer(
    _ builder: inout LayerBuilder, _ x: ValueID, _ index: Int, _ mask: ValueID, output: String?
  ) throws -> ValueID {
    // Layers that share their weights have names of their own
    let own = "encoder.layer.\(index * ownLayers / layers)"
    let node = "encoder.layer.\(index)"
    func linear(_ x: ValueID, _ name: String, _ inputs: Int, _ outputs: Int) throws -> ValueID {
      try builder.projection(
        x, "\(own).\(name)", from: inputs, to: outputs, bias: true, as: "\(node).\(name)")
    }
    func normalised(_ x: ValueID, _ name: String, output: String? = nil) throws -> ValueID {
      try builder.layerNormalization(
        x, "\(own).\(name)", hidden, epsilon: epsilon, as: "\(node).\(name)", output: output)
    }
    let parts = try ["query", "key", "value"].map {
      try linear(x, "attention.self.\($0)", hidden, hidden)
    }
    let attended = builder.graph.add(
      Attention(queryHeads: heads, keyValueHeads: heads), parts + [mask],
      name: "\(node).attention.self")
    let dense = try linear(attended, "attention.output.dense", hidden, hidden)
    let sum = builder.add(dense, x, "\(node).attention.output.add")
    let first = try normalised(sum, "attention.output.LayerNorm")
    let wide = try linear(first, "intermediate.dense", hidden, intermediate)
    let active = builder.activation(wide, activation, "\(node).intermediate.activation")
    let narrow = try linear(active, "output.dense", intermediate, hidden)
    let second = builder.add(narrow, first, "\(node).output.add")
    return try normalised(second, "output.LayerNorm", output: output)
  }
}
