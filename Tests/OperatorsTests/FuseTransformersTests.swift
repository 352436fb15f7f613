import ModelGraph
import Operators
import Tensors
import Testing

/// What exporters spell out of transformers, and the operators that it becomes.
@Suite struct FuseTransformersTests {
  /// The fused graph computes the same, and has these operators.
  private func expectSame(
    _ graph: Graph, _ inputs: [String: Tensor], _ operators: [String: Int],
    passes: [any GraphPass] = Graph.fusionsOfKnownShapes,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var fused = graph
    try fused.rewrite(with: passes)
    for (name, count) in operators {
      #expect(
        fused.operatorCounts[name] ?? 0 == count, "\(name) in \(fused.operatorCounts)",
        sourceLocation: sourceLocation)
    }
    let expected = try GraphEvaluator(graph).evaluate(inputs)
    let found = try GraphEvaluator(fused).evaluate(inputs)
    for (a, b) in zip(found, expected) {
      expectClose(a, b, relative: 1e-5, absolute: 1e-5, sourceLocation: sourceLocation)
    }
  }

  private func small(_ shape: Shape, seed: Int = 1) -> Tensor {
    let tensor = numbers(shape, seed: seed)
    return Tensor(shape: shape, tensor.doubles.map { Float($0 / 9) })
  }

  @Test(arguments: ["reciprocal", "one over", "divided"], [false, true])
  func rootMeanSquare(form: String, multiplied: Bool) throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 3, 6]))
    let weight = graph.addConstant("weight", small([6], seed: 2))
    let two = graph.addConstant("two", Tensor(scalar: Float(2)))
    let one = graph.addConstant("one", Tensor(scalar: Float(1)))
    let epsilon = graph.addConstant("epsilon", Tensor(scalar: Float(1e-3)))
    let axis = graph.addConstant("axis", Tensor([-1] as [Int]))
    let square =
      multiplied
      ? graph.add(Mul(), [x, x], name: "square") : graph.add(Pow(), [x, two], name: "square")
    let mean = graph.add(ReduceMean(keepDimensions: true), [square, axis], name: "mean")
    let sum = graph.add(Add(), [mean, epsilon], name: "sum")
    let root = graph.add(Sqrt(), [sum], name: "root")
    let normal: ValueID
    switch form {
    case "divided": normal = graph.add(Div(), [x, root], name: "normal")
    case "one over":
      let inverse = graph.add(Div(), [one, root], name: "inverse")
      normal = graph.add(Mul(), [x, inverse], name: "normal")
    default:
      let inverse = graph.add(Reciprocal(), [root], name: "inverse")
      normal = graph.add(Mul(), [x, inverse], name: "normal")
    }
    graph.outputs = [graph.add(Mul(), [weight, normal], name: "y")]
    try expectSame(
      graph, ["x": small([2, 3, 6])], ["RMSNormalization": 1, "Mul": 0, "Sqrt": 0])
  }

  @Test(arguments: [false, true])
  func layerNormalization(leaks: Bool) throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 3, 6]))
    let (weight, bias) = (
      graph.addConstant("weight", small([6], seed: 2)),
      graph.addConstant("bias", small([6], seed: 3))
    )
    let two = graph.addConstant("two", Tensor(scalar: Float(2)))
    let epsilon = graph.addConstant("epsilon", Tensor(scalar: Float(1e-3)))
    let axis = graph.addConstant("axis", Tensor([-1] as [Int]))
    let mean = graph.add(ReduceMean(keepDimensions: true), [x, axis], name: "mean")
    let centred = graph.add(Sub(), [x, mean], name: "centred")
    let square = graph.add(Pow(), [centred, two], name: "square")
    let variance = graph.add(ReduceMean(keepDimensions: true), [square, axis], name: "variance")
    let root = graph.add(
      Sqrt(), [graph.add(Add(), [variance, epsilon], name: "sum")], name: "root")
    let normal = graph.add(Div(), [centred, root], name: "normal")
    let product = graph.add(Mul(), [normal, weight], name: "product")
    graph.outputs = [graph.add(Add(), [product, bias], name: "y")] + (leaks ? [centred] : [])
    try expectSame(
      graph, ["x": small([2, 3, 6])], ["LayerNormalization": leaks ? 0 : 1])
  }

  @Test(arguments: [false, true])
  func geluByTanh(multiplied: Bool) throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 5]))
    func number(_ name: String, _ value: Double) -> ValueID {
      graph.addConstant(name, Tensor(scalar: Float(value)))
    }
    let cube: ValueID
    if multiplied {
      cube = graph.add(
        Mul(), [graph.add(Mul(), [x, x], name: "square"), x], name: "cube")
    } else {
      cube = graph.add(Pow(), [x, number("three", 3)], name: "cube")
    }
    let small = graph.add(Mul(), [cube, number("small", 0.044715)], name: "scaled")
    let sum = graph.add(Add(), [x, small], name: "sum")
    let inner = graph.add(
      Mul(), [sum, number("root", (2 / Double.pi).squareRoot())], name: "inner")
    let tanh = graph.add(Tanh(), [inner], name: "tanh")
    let gate = graph.add(Add(), [tanh, number("one", 1)], name: "gate")
    let half = graph.add(Mul(), [x, number("half", 0.5)], name: "halved")
    graph.outputs = [graph.add(Mul(), [half, gate], name: "y")]
    try expectSame(graph, ["x": self.small([2, 5])], ["Gelu": 1, "Tanh": 0, "Mul": 0])
  }

  /// Where the tables come from: computed of positions, or known.
  @Test(arguments: ["computed", "known", "unlike"])
  func rotaryEmbedding(tables: String) throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 3, 4, 6]))
    let axes = graph.addConstant("axes", Tensor([1] as [Int]))
    func table(_ name: String, _ operation: any Operator) throws -> ValueID {
      if tables != "computed" {
        let half = small([1, 1, 4, 3], seed: 4)
        let other = tables == "known" ? half : small([1, 1, 4, 3], seed: 5)
        return graph.addConstant(name, try Concat(axis: 3).evaluate([half, other])[0])
      }
      let angles =
        graph.inputs.count > 1
        ? graph.inputs[1] : graph.addInput("angles", TensorType(.float32, [2, 4, 3]))
      let both = graph.add(Concat(axis: -1), [angles, angles], name: "\(name)_both")
      let turned = graph.add(operation, [both], name: "\(name)_of")
      return graph.add(Unsqueeze(), [turned, axes], name: name)
    }
    let (cosines, sines) = (try table("cos", Cos()), try table("sin", Sin()))
    func cut(_ start: Int, _ end: Int) -> ValueID {
      let bounds = [[start], [end], [3]].enumerated().map {
        graph.addConstant("cut_\(start)_\($0)", Tensor($1 as [Int]))
      }
      return graph.add(Slice(), [x] + bounds, name: "cut_\(start)")
    }
    let last = graph.add(Neg(), [cut(3, Int.max)], name: "negative")
    let turned = graph.add(Concat(axis: -1), [last, cut(0, 3)], name: "turned")
    let first = graph.add(Mul(), [x, cosines], name: "first")
    let second = graph.add(Mul(), [turned, sines], name: "second")
    graph.outputs = [graph.add(Add(), [first, second], name: "y")]
    var inputs = ["x": small([2, 3, 4, 6])]
    if tables == "computed" { inputs["angles"] = small([2, 4, 3], seed: 2) }
    try expectSame(
      graph, inputs,
      ["RotaryEmbedding": tables == "unlike" ? 0 : 1, "Neg": tables == "unlike" ? 1 : 0])
  }

  /// As PyTorch's exporter spells scaled_dot_product_attention: both sides scaled, rows without keys guarded, heads repeated.
  @Test(arguments: [false, true], [1, 2])
  func guardedAttention(flat: Bool, share: Int) throws {
    var graph = Graph()
    let heads = 4 / share
    let q = graph.addInput("q", TensorType(.float32, [2, 4, 5, 6]))
    let (k, v) = (
      graph.addInput("k", TensorType(.float32, [2, .fixed(heads), 7, 6])),
      graph.addInput("v", TensorType(.float32, [2, .fixed(heads), 7, 6]))
    )
    func shape(_ name: String, _ extents: [Int]) -> ValueID {
      graph.addConstant("\(name)_shape", Tensor(extents))
    }
    func repeated(_ x: ValueID, _ name: String) -> ValueID {
      guard share > 1 else { return x }
      let column = graph.add(Unsqueeze(), [x, shape("\(name)_axis", [2])], name: "\(name)_column")
      let wide = graph.add(
        Expand(), [column, shape("\(name)_wide", [2, heads, share, 7, 6])], name: "\(name)_wide")
      return graph.add(Reshape(), [wide, shape(name, [2, 4, 7, 6])], name: "\(name)_heads")
    }
    let factor = graph.addConstant("factor", Tensor(scalar: Float(0.6)))
    let mask = graph.addInput("mask", TensorType(.float32, [2, 1, 5, 7]))
    let keys = repeated(k, "k")
    var turned: ValueID
    if flat {
      let rows = graph.add(Reshape(), [keys, shape("rows", [8, 7, 6])], name: "rows")
      let back = graph.add(Transpose(permutation: [0, 2, 1]), [rows], name: "turned")
      turned = graph.add(Reshape(), [back, shape("back", [2, 4, 6, 7])], name: "back")
    } else {
      turned = graph.add(Transpose(permutation: [0, 1, 3, 2]), [keys], name: "turned")
    }
    turned = graph.add(Mul(), [turned, factor], name: "k_scaled")
    let scaled = graph.add(Mul(), [q, factor], name: "q_scaled")
    let scores = graph.add(MatMul(), [scaled, turned], name: "scores")
    let masked = graph.add(Add(), [scores, mask], name: "masked")
    let shares = graph.add(Softmax(axis: -1), [masked], name: "shares")
    let test = graph.add(IsNaN(), [shares], name: "test")
    let zero = graph.addConstant("zero", Tensor(scalar: Float(0)))
    let kept = graph.add(Where(), [test, zero, shares], name: "kept")
    graph.outputs = [graph.add(MatMul(), [kept, repeated(v, "v")], name: "y")]
    // One query has no key at all
    var bias = [Float](repeating: 0, count: 70)
    for index in 7..<14 { bias[index] = -.infinity }
    bias[3] = -.infinity
    let inputs = [
      "q": small([2, 4, 5, 6]), "k": small([2, heads, 7, 6], seed: 2),
      "v": small([2, heads, 7, 6], seed: 3), "mask": Tensor(shape: [2, 1, 5, 7], bias),
    ]
    try expectSame(
      graph, inputs,
      ["Attention": 1, "MatMul": 0, "Where": 0, "Mul": 0, "Expand": 0, "Transpose": 0])
  }

  @Test(arguments: [0, 3], [false, true])
  func attentionWithAPast(length: Int, joined: Bool) throws {
    var graph = Graph()
    func input(_ name: String, _ shape: Shape) -> ValueID {
      graph.addInput(name, TensorType(.float32, shape: shape))
    }
    let (q, k, v) = (
      input("q", joined ? [2, 5, 24] : [2, 4, 5, 6]),
      input("k", joined ? [2, 5, 12] : [2, 2, 5, 6]),
      input("v", joined ? [2, 5, 12] : [2, 2, 5, 6])
    )
    let past = [Shape](repeating: [2, 2, length, 6], count: 2)
    let (keys, values) = (input("keys", past[0]), input("values", past[1]))
    let mask = graph.addInput("mask", TensorType(.bool, [2, 1, 1, .fixed(length + 5)]))
    let ids = ["y", "all_keys", "all_values"].map { graph.addValue($0) }
    graph.nodes.append(
      Node(
        name: "attention",
        Attention(
          queryHeads: joined ? 4 : nil, keyValueHeads: joined ? 2 : nil, isCausal: true),
        inputs: [q, k, v, mask, keys, values], outputs: ids))
    graph.outputs = ids
    var flags = [Bool](repeating: true, count: 2 * (length + 5))
    flags[1] = false
    let inputs = [
      "q": small(joined ? [2, 5, 24] : [2, 4, 5, 6]),
      "k": small(joined ? [2, 5, 12] : [2, 2, 5, 6], seed: 2),
      "v": small(joined ? [2, 5, 12] : [2, 2, 5, 6], seed: 3), "keys": small(past[0], seed: 4),
      "values": small(past[1], seed: 5), "mask": Tensor(shape: [2, 1, 1, length + 5], flags),
    ]
    try expectSame(
      graph, inputs, ["Attention": 1, "Concat": length == 0 ? 0 : 2], passes: [SplitPast()])
  }
}
