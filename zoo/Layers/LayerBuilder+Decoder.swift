import ModelGraph
import Operators
import Tensors

/// The layers of decoders.
extension LayerBuilder {
  /// `x / √(mean(x²) + epsilon) · weight`, over the last axis; · (1 + weight) where `addsOne`.
  mutating func rmsNormalization(
    _ x: ValueID, _ name: String, _ size: Int, epsilon: Double, addsOne: Bool = false,
    output: String? = nil
  ) throws -> ValueID {
    var weight = try parameter("\(name).weight", [size])
    if addsOne { weight = graph.add(Add(), [weight, scalar("one", 1)], name: "\(name).gain") }
    return graph.add(
      RMSNormalization(axis: -1, epsilon: epsilon), [x, weight], name: name, output: output)
  }

  /// The same over each head of `[batch, sequence, heads · size]`.
  mutating func headNormalization(
    _ x: ValueID, _ name: String, heads: Int, size: Int, epsilon: Double, addsOne: Bool
  ) throws -> ValueID {
    let apart = reshape(x, "\(name).heads", [0, 0, heads, size])
    let normal = try rmsNormalization(apart, name, size, epsilon: epsilon, addsOne: addsOne)
    return reshape(normal, "\(name).joined", [0, 0, heads * size])
  }

  /// The places along an axis, from 0 on: `[1, extent]`, or `[1, before + extent]` with as many before them.
  mutating func places(
    along axis: Int, of x: ValueID, before: ValueID? = nil, _ name: String
  ) -> ValueID {
    var length = graph.add(ShapeOf(start: axis, end: axis + 1), [x], name: "\(name).length")
    if let before { length = graph.add(Add(), [before, length], name: "\(name).total") }
    let count = graph.add(Squeeze(), [length, integers("axis_0", [0])], name: "\(name).count")
    let steps = graph.add(
      RangeOf(), [integer("zero_index", 0), count, integer("one_index", 1)], name: "\(name).steps")
    let row = graph.add(Unsqueeze(), [steps, integers("axis_0", [0])], name: name)
    if let dimensions = graph[x].type.dimensions, dimensions.indices.contains(axis) {
      graph[row].type = TensorType(.int64, [1, before == nil ? dimensions[axis] : .unknown])
    }
    return row
  }

  /// The places of tokens in their rows: `[1, sequence]`, or `[batch, sequence]` where each row starts elsewhere.
  mutating func positions(of ids: ValueID, from starts: ValueID? = nil) -> ValueID {
    let row = places(along: 1, of: ids, "steps")
    guard let starts else { return row }
    let column = graph.add(
      Unsqueeze(), [starts, integers("axis_1", [1])], name: "starts.column")
    return graph.add(Add(), [column, row], name: "positions")
  }

  /// Cosines and sines of positions, `[…, sequence, headDimension / 2]`.
  mutating func rotaryAngles(
    _ rotary: Rotary, positions: ValueID, headDimension: Int, _ name: String
  ) -> (cosines: ValueID, sines: ValueID) {
    let frequencies = rotary.frequencies(headDimension: headDimension)
    let table = graph.addConstant(
      "\(name).frequencies",
      Tensor(shape: [1, 1, frequencies.count], frequencies.map { Float($0) }))
    let numbers = graph.add(Cast(to: .float32), [positions], name: "\(name).positions")
    let column = graph.add(
      Unsqueeze(), [numbers, integers("axis_last", [-1])], name: "\(name).column")
    let angles = graph.add(Mul(), [column, table], name: "\(name).angles")
    var cosines = graph.add(Cos(), [angles], name: "\(name).cos")
    var sines = graph.add(Sin(), [angles], name: "\(name).sin")
    if rotary.magnitude != 1 {
      let magnitude = scalar("\(name).magnitude", Float(rotary.magnitude))
      cosines = graph.add(Mul(), [cosines, magnitude], name: "\(name).cos.scaled")
      sines = graph.add(Mul(), [sines, magnitude], name: "\(name).sin.scaled")
    }
    return (cosines, sines)
  }

  /// The keys and values of each layer's past, as inputs `<name>.{i}.<part>key` and `<name>.{i}.<part>value`.
  mutating func pasts(
    _ cache: CacheLayout, _ name: String = "past", part: String = "", length: String = "capacity"
  ) -> [(key: ValueID, value: ValueID)] {
    let type = TensorType(
      .float32,
      ["batch", .fixed(cache.keyValueHeads), .symbol(length), .fixed(cache.headDimension)])
    return (0..<cache.layers).map { layer in
      (
        graph.addInput("\(name).\(layer).\(part)key", type),
        graph.addInput("\(name).\(layer).\(part)value", type)
      )
    }
  }

  /// The inputs of a decoder as other runtimes are used to: a past that grows by what is read.
  ///
  /// - Source: the names are those of Hugging Face's optimum.
  mutating func growingPast(_ cache: CacheLayout) -> GrowingPast {
    let ids = tokens("input_ids")
    let mask = attentionMask(tokens("attention_mask", sequence: "total_sequence"))
    let past = pasts(cache, "past_key_values", length: "past_sequence")
    let start = graph.add(ShapeOf(start: 2, end: 3), [past[0].key], name: "past_length")
    return GrowingPast(
      ids: ids, mask: mask, positions: positions(of: ids, from: start), past: past)
  }

  /// Attention with a past, whose new state becomes the outputs `present.{layer}.<part>key` and `.<part>value`.
  mutating func cachedAttention(
    _ operation: any Operator, _ inputs: [ValueID], layer: Int, part: String = "", name: String,
    present: inout [ValueID]
  ) -> ValueID {
    let state = ["key", "value"].map { "present.\(layer).\(part)\($0)" }
    let outputs = ([name] + state).map { graph.addValue($0) }
    graph.nodes.append(Node(name: name, operation, inputs: inputs, outputs: outputs))
    present += outputs[1...]
    return outputs[0]
  }

  /// A bias of scores where a mask lets keys take part, and -∞ elsewhere.
  mutating func masked(_ bias: ValueID, where mask: ValueID, _ name: String) -> ValueID {
    graph.add(Where(), [mask, bias, scalar("minus_infinity", -.infinity)], name: name)
  }

  /// The row of each text that `last` names: `[batch, size]` of `[batch, sequence, size]`.
  mutating func row(_ last: ValueID, of x: ValueID, _ name: String) -> ValueID {
    let index = graph.add(Unsqueeze(), [last, integers("axis_1", [1])], name: "\(name).index")
    return graph.add(GatherND(batchDimensions: 1), [x, index], name: name)
  }

  /// The place of each text's last token that is no filler: `[batch]`.
  ///
  /// - Parameters:
  ///   - positions: the tokens' places, `[1, sequence]`.
  ///   - mask: ones and zeros, `[batch, sequence]`.
  ///   - padding: the token that fills texts up, if there is one.
  /// - Source: transformers' `GenericForSequenceClassification`, which knows no mask.
  mutating func lastToken(
    of ids: ValueID, at positions: ValueID, mask: ValueID, padding: Int?
  ) -> ValueID {
    var places = graph.add(Mul(), [positions, mask], name: "places.masked")
    if let padding {
      let isBlank = graph.add(
        Equal(), [ids, integer("padding_id", padding)], name: "is_padding")
      let isText = graph.add(Not(), [isBlank], name: "is_text")
      let ones = graph.add(Cast(to: .int64), [isText], name: "is_text.number")
      places = graph.add(Mul(), [places, ones], name: "places.text")
    }
    return graph.add(
      ReduceMax(keepDimensions: false), [places, integers("axis_last", [-1])], name: "last")
  }

  /// `cap · tanh(x / cap)`.
  mutating func capped(
    _ x: ValueID, _ name: String, at cap: Double, output: String? = nil
  ) -> ValueID {
    let bound = scalar("\(name).bound", Float(cap))
    let small = graph.add(Div(), [x, bound], name: "\(name).divided")
    let turned = graph.add(Tanh(), [small], name: "\(name).tanh")
    return graph.add(Mul(), [turned, bound], name: name, output: output)
  }
}

/// What a decoder reads that is given its past anew at each step.
struct GrowingPast {
  var ids: ValueID
  /// `[batch, 1, 1, past + sequence]`.
  var mask: ValueID
  var positions: ValueID
  var past: [(key: ValueID, value: ValueID)]
}
