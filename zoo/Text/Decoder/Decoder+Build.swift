import ModelGraph
import Operators
import Tensors

extension DecoderConfiguration: GenerativeConfiguration {
  public var cache: CacheLayout {
    CacheLayout(
      layers: layers, keyValueHeads: keyValueHeads, headDimension: headDimension,
      contextLength: contextLength)
  }

  public func build() throws -> ModelDefinition { try graphs().whole() }
  public func buildStep() throws -> ModelDefinition { try graphs().step() }
  public func buildExport() throws -> ModelDefinition { try graphs().growing() }

  private func graphs() throws -> DecoderGraphs {
    try check()
    return DecoderGraphs(
      name: variant, vocabulary: vocabulary, hiddenSize: hiddenSize, cache: cache, head: head,
      isTied: isTied, logitCap: logitCap, stateNames: stateNames, attention: attention(ofLayer:),
      body: body)
  }

  private func attention(ofLayer layer: Int) -> Attention {
    Attention(
      queryHeads: queryHeads, keyValueHeads: keyValueHeads, scale: scale, softcap: attentionCap,
      isCausal: true, leftWindow: window(ofLayer: layer).map { $0 - 1 })
  }

  private func check() throws {
    try checkSizes(
      [vocabulary, hiddenSize, intermediateSize, queryHeads, keyValueHeads, headDimension],
      layers: layers,
      areSound: queryHeads % keyValueHeads == 0 && headDimension % 2 == 0 && window ?? 1 >= 1)
  }
}

extension DecoderConfiguration {
  /// From ids to the last hidden states; the embedding's table is for a tied head.
  private func body(
    _ graph: inout LayerBuilder, _ ids: ValueID, _ positions: ValueID,
    attend: DecoderGraphs.Attend
  ) throws -> (x: ValueID, table: ValueID) {
    var (x, table) = try graph.embedding(
      ids, "model.embed_tokens", count: vocabulary, size: hiddenSize)
    if kind.isGemma {
      let factor = graph.scalar("embedding_scale", Float(Double(hiddenSize).squareRoot()))
      x = graph.graph.add(Mul(), [x, factor], name: "model.embed_tokens.scaled")
    }
    let angles = graph.rotaryAngles(
      rotary, positions: positions, headDimension: headDimension, "rotary")
    let local = localRotary.map {
      graph.rotaryAngles($0, positions: positions, headDimension: headDimension, "rotary.local")
    }
    for layer in 0..<layers {
      let name = "model.layers.\(layer)"
      var y = try norm(&graph, x, "\(name).input_layernorm")
      y = try attention(
        &graph, y, layer, window(ofLayer: layer) == nil ? angles : local ?? angles, attend)
      if kind.hasOutputNorms { y = try norm(&graph, y, "\(name).post_attention_layernorm") }
      x = graph.add(x, y, "\(name).self_attn.residual")
      y = try norm(
        &graph, x,
        "\(name).\(kind.hasOutputNorms ? "pre_feedforward" : "post_attention")_layernorm")
      y = try feedForward(&graph, y, "\(name).mlp")
      if kind.hasOutputNorms { y = try norm(&graph, y, "\(name).post_feedforward_layernorm") }
      x = graph.add(x, y, "\(name).mlp.residual")
    }
    let last = try graph.rmsNormalization(
      x, "model.norm", hiddenSize, epsilon: epsilon, addsOne: kind.isGemma,
      output: head == nil ? "last_hidden_state" : nil)
    return (last, table)
  }

  private func norm(
    _ graph: inout LayerBuilder, _ x: ValueID, _ name: String
  ) throws -> ValueID {
    try graph.rmsNormalization(x, name, hiddenSize, epsilon: epsilon, addsOne: kind.isGemma)
  }

  private func attention(
    _ graph: inout LayerBuilder, _ x: ValueID, _ layer: Int,
    _ angles: (cosines: ValueID, sines: ValueID), _ attend: DecoderGraphs.Attend
  ) throws -> ValueID {
    let name = "model.layers.\(layer).self_attn"
    func turned(_ part: String, heads: Int) throws -> ValueID {
      var y = try graph.projection(
        x, "\(name).\(part)_proj", from: hiddenSize, to: heads * headDimension,
        bias: hasQueryBiases)
      if kind.hasHeadNorms {
        y = try graph.headNormalization(
          y, "\(name).\(part)_norm", heads: heads, size: headDimension, epsilon: epsilon,
          addsOne: kind.isGemma)
      }
      return graph.graph.add(
        RotaryEmbedding(heads: heads), [y, angles.cosines, angles.sines],
        name: "\(name).\(part)_rotary")
    }
    let q = try turned("q", heads: queryHeads)
    let k = try turned("k", heads: keyValueHeads)
    let v = try graph.projection(
      x, "\(name).v_proj", from: hiddenSize, to: keyValueHeads * headDimension,
      bias: hasQueryBiases)
    let y = try attend(&graph, name, layer, q, k, v)
    return try graph.projection(
      y, "\(name).o_proj", from: queryHeads * headDimension, to: hiddenSize, bias: hasOutputBias)
  }

  /// `down(activation(gate(x)) · up(x))`.
  private func feedForward(
    _ graph: inout LayerBuilder, _ x: ValueID, _ name: String
  ) throws -> ValueID {
    func wide(_ part: String) throws -> ValueID {
      try graph.projection(
        x, "\(name).\(part)_proj", from: hiddenSize, to: intermediateSize,
        bias: hasFeedForwardBiases)
    }
    let gate = graph.graph.add(
      activation.layer, [try wide("gate")], name: "\(name).act_fn")
    let product = graph.graph.add(Mul(), [gate, try wide("up")], name: "\(name).product")
    return try graph.projection(
      product, "\(name).down_proj", from: intermediateSize, to: hiddenSize,
      bias: hasFeedForwardBiases)
  }

  /// The canonical names in the order of PyTorch's modules.
  private var stateNames: [String] {
    var names = ["model.embed_tokens.weight"]
    func add(_ name: String, bias: Bool = false) {
      names.append("\(name).weight")
      if bias { names.append("\(name).bias") }
    }
    for layer in 0..<layers {
      let name = "model.layers.\(layer)"
      for part in ["q", "k", "v"] { add("\(name).self_attn.\(part)_proj", bias: hasQueryBiases) }
      add("\(name).self_attn.o_proj", bias: hasOutputBias)
      if kind.hasHeadNorms { for part in ["q", "k"] { add("\(name).self_attn.\(part)_norm") } }
      for part in ["gate", "up", "down"] {
        add("\(name).mlp.\(part)_proj", bias: hasFeedForwardBiases)
      }
      add("\(name).input_layernorm")
      add("\(name).post_attention_layernorm")
      if kind.hasOutputNorms {
        add("\(name).pre_feedforward_layernorm")
        add("\(name).post_feedforward_layernorm")
      }
    }
    add("model.norm")
    return names + DecoderHead.stateNames(of: head, isTied: isTied)
  }
}
