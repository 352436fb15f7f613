import ModelGraph
import Operators
import Tensors

/// The layers of transformers.
extension LayerBuilder {
  /// Token ids, or what belongs to each of them: `[batch, sequence]`.
  mutating func tokens(_ name: String, sequence: String = "sequence") -> ValueID {
    graph.addInput(name, TensorType(.int64, ["batch", .symbol(sequence)]))
  }

  /// The rows of a table that ids name.
  mutating func embedding(
    _ ids: ValueID, _ name: String, count: Int, size: Int
  ) throws -> (x: ValueID, table: ValueID) {
    let table = try parameter("\(name).weight", [count, size])
    return (graph.add(Gather(axis: 0), [table, ids], name: name), table)
  }

  /// `x · weightᵀ`, and a bias where there is one.
  mutating func projection(
    _ x: ValueID, _ name: String, from inputs: Int, to outputs: Int, bias: Bool = false,
    as node: String? = nil, output: String? = nil
  ) throws -> ValueID {
    let weight = try parameter("\(name).weight", [outputs, inputs])
    let bias = bias ? try parameter("\(name).bias", [outputs]) : nil
    return graph.add(
      Linear(), [x, weight] + (bias.map { [$0] } ?? []), name: node ?? name, output: output)
  }

  /// `(x - mean) / √(variance + epsilon) · weight + bias`, over the last axis.
  mutating func layerNormalization(
    _ x: ValueID, _ name: String, _ size: Int, epsilon: Double, bias: Bool = true,
    as node: String? = nil, output: String? = nil
  ) throws -> ValueID {
    let weight = try parameter("\(name).weight", [size])
    let bias = bias ? try parameter("\(name).bias", [size]) : nil
    return graph.add(
      LayerNormalization(axis: -1, epsilon: epsilon), [x, weight] + (bias.map { [$0] } ?? []),
      name: node ?? name, output: output)
  }

  mutating func activation(_ x: ValueID, _ kind: Activation, _ name: String) -> ValueID {
    graph.add(kind.layer, [x], name: name)
  }

  /// Which tokens a mask of ones and zeros lets take part: `[batch, 1, 1, sequence]`.
  mutating func attentionMask(_ mask: ValueID) -> ValueID {
    let flags = graph.add(Cast(to: .bool), [mask], name: "mask.flags")
    return graph.add(Unsqueeze(), [flags, integers("axes_1_2", [1, 2])], name: "mask")
  }

  /// The first rows of a table of positions, as many as there are tokens: `[sequence, size]`.
  mutating func firstPositions(
    of ids: ValueID, _ name: String, count: Int, size: Int
  ) throws -> ValueID {
    let table = try parameter("\(name).weight", [count, size])
    let length = graph.add(ShapeOf(start: 1, end: 2), [ids], name: "sequence_length")
    let bounds = integers("axis_0", [0])
    let rows = graph.add(Slice(), [table, bounds, length, bounds], name: name)
    if let sequence = graph[ids].type.dimensions?.last {
      graph[rows].type = TensorType(.float32, [sequence, .fixed(size)])
    }
    return rows
  }

  /// Positions that are counted from the padding's id, over the tokens that are no padding: `[batch, sequence]`.
  ///
  /// - Source: fairseq's `make_positions`, as in transformers' RoBERTa: padding itself has the padding's id.
  mutating func positions(of ids: ValueID, after padding: Int) -> ValueID {
    let blank = integer("padding_id", padding)
    let isBlank = graph.add(Equal(), [ids, blank], name: "is_padding")
    let isText = graph.add(Not(), [isBlank], name: "is_text")
    let ones = graph.add(Cast(to: .int64), [isText], name: "is_text.number")
    let sums = graph.add(CumSum(), [ones, integer("axis_one", 1)], name: "positions.sum")
    let places = graph.add(Mul(), [sums, ones], name: "positions.text")
    return graph.add(Add(), [places, blank], name: "positions")
  }

  /// The vector of each text's first token: `[batch, size]` of `[batch, sequence, size]`.
  mutating func firstToken(_ x: ValueID, _ name: String) -> ValueID {
    graph.add(Gather(axis: 1), [x, integer("first_index", 0)], name: name)
  }

  /// Equal parts of the last axis.
  mutating func split(_ x: ValueID, _ name: String, into count: Int) -> [ValueID] {
    let parts = (0..<count).map { graph.addValue("\(name).\($0)") }
    graph.nodes.append(
      Node(name: name, Split(axis: -1, outputCount: count), inputs: [x], outputs: parts))
    return parts
  }

  /// The mean of the vectors that a mask of ones and zeros lets count: `[batch, size]`.
  mutating func mean(_ x: ValueID, over mask: ValueID) -> ValueID {
    let weights = graph.add(Cast(to: .float32), [mask], name: "mean.weights")
    let axis = integers("axis_1", [1])
    let column = graph.add(
      Unsqueeze(), [weights, integers("axis_last", [-1])], name: "mean.column")
    let counted = graph.add(Mul(), [x, column], name: "mean.counted")
    let sum = graph.add(ReduceSum(keepDimensions: false), [counted, axis], name: "mean.sum")
    let count = graph.add(ReduceSum(keepDimensions: true), [weights, axis], name: "mean.count")
    return graph.add(Div(), [sum, count], name: "mean")
  }

  /// Where an answer starts and where it ends, of both together.
  mutating func answers(_ both: ValueID) -> [ValueID] {
    ["start", "end"].enumerated().map { index, name in
      graph.add(
        Gather(axis: 2), [both, integer("answer_index_\(index)", index)],
        name: "answers.\(name)", output: "\(name)_logits")
    }
  }

  mutating func reshape(_ x: ValueID, _ name: String, _ extents: [Int]) -> ValueID {
    let shape = integers("shape_" + extents.map(String.init).joined(separator: "_"), extents)
    return graph.add(Reshape(), [x, shape], name: name)
  }

  /// A constant vector of whole numbers, one value for all its users.
  mutating func integers(_ name: String, _ values: [Int]) -> ValueID {
    constant(name, Tensor(values.map { Int64($0) }))
  }

  /// A constant whole number, one value for all its users.
  mutating func integer(_ name: String, _ value: Int) -> ValueID {
    constant(name, Tensor(scalar: Int64(value)))
  }
}
