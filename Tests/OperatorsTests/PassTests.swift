import BinaryIO
import ModelGraph
import Operators
import Tensors
import Testing

/// A pass changes no number that matters, and does what it is there for.
@Suite struct PassTests {
  /// Rewrites the graph and compares what it computes before and after.
  @discardableResult
  private func check(
    _ graph: Graph, _ passes: [any GraphPass] = Graph.simplifications, on inputs: [Tensor],
    relative: Double = 1e-5, absolute: Double = 1e-5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> (graph: Graph, rewrites: [Rewrite]) {
    let named = Dictionary(
      uniqueKeysWithValues: zip(graph.inputs.map { graph[$0].name }, inputs))
    let before = try GraphEvaluator(graph).evaluate(named)
    var rewritten = graph
    let rewrites = try rewritten.rewrite(with: passes)
    try rewritten.verify()
    let after = try GraphEvaluator(rewritten).evaluate(named)
    for (a, b) in zip(after, before) {
      expectClose(a, b, relative: relative, absolute: absolute, sourceLocation: sourceLocation)
    }
    #expect(
      rewritten.outputs.map { rewritten[$0].name } == graph.outputs.map { graph[$0].name },
      sourceLocation: sourceLocation)
    return (rewritten, rewrites)
  }

  private func names(_ graph: Graph) -> [String] { graph.nodes.map(\.operator.name) }

  private func picture(_ channels: Int) -> (Graph, ValueID) {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, ["batch", .fixed(channels), 6, 5]))
    return (graph, x)
  }

  private func normalise(
    _ graph: inout Graph, _ x: ValueID, _ channels: Int, name: String = "bn"
  ) -> ValueID {
    let statistics = (0..<4).map { index -> ValueID in
      let values = numbers([channels], seed: 10 + index).floats
      let positive = values.map { index == 3 ? abs($0) + 0.5 : $0 / 4 }
      return graph.addConstant("\(name).\(index)", Tensor(positive))
    }
    return graph.add(BatchNormalization(), [x] + statistics, name: name)
  }

  // MARK: Folding into weights

  @Test(arguments: [1, 2]) func batchNormalizationGoesIntoTheConvolution(groups: Int) throws {
    var (graph, x) = picture(4)
    let weight = graph.addConstant("w", numbers([6, 4 / groups, 3, 3]))
    let y = graph.add(Conv(padding: .all(1), groups: groups), [x, weight], name: "conv")
    graph.outputs = [normalise(&graph, y, 6)]
    let (after, rewrites) = try check(graph, on: [numbers([2, 4, 6, 5])], absolute: 1e-3)
    #expect(names(after) == ["Conv"])
    #expect(
      rewrites.contains { $0.removed == ["bn"] && $0.into == "conv" && $0.weights.contains("w") })
  }

  @Test(arguments: [1, 2]) func batchNormalizationGoesIntoTheTransposedConvolution(groups: Int)
    throws
  {
    var (graph, x) = picture(4)
    let weight = graph.addConstant("w", numbers([4, 6 / groups, 3, 3]))
    let bias = graph.addConstant("b", numbers([6], seed: 5))
    let y = graph.add(
      ConvTranspose(strides: [2, 2], groups: groups), [x, weight, bias], name: "conv")
    graph.outputs = [normalise(&graph, y, 6)]
    let after = try check(graph, on: [numbers([2, 4, 6, 5])], absolute: 1e-3).graph
    #expect(names(after) == ["ConvTranspose"])
  }

  @Test(arguments: [false, true]) func batchNormalizationGoesIntoTheMatrixProduct(transposed: Bool)
    throws
  {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, ["batch", 3]))
    let weight = graph.addConstant("w", numbers(transposed ? [5, 3] : [3, 5]))
    let bias = graph.addConstant("b", numbers([5], seed: 3))
    let y = graph.add(Gemm(alpha: 0.5, transposeB: transposed), [x, weight, bias], name: "fc")
    graph.outputs = [normalise(&graph, y, 5)]
    let after = try check(graph, on: [numbers([2, 3])], absolute: 1e-3).graph
    #expect(names(after) == ["Gemm"])
  }

  @Test func constantsAChannelGoIntoTheConvolution() throws {
    var (graph, x) = picture(2)
    let weight = graph.addConstant("w", numbers([3, 2, 1, 1]))
    var y = graph.add(Conv(), [x, weight], name: "conv")
    let factor = graph.addConstant("factor", numbers([3, 1, 1], seed: 2))
    let summand = graph.addConstant("summand", numbers([1, 3, 1, 1], seed: 3))
    let divisor = graph.addConstant("divisor", Tensor(scalar: Float(4)))
    y = graph.add(Mul(), [y, factor], name: "mul")
    y = graph.add(Add(), [summand, y], name: "add")
    y = graph.add(Sub(), [summand, y], name: "sub")
    y = graph.add(Div(), [y, divisor], name: "div")
    graph.outputs = [y]
    let after = try check(graph, on: [numbers([2, 2, 6, 5])], absolute: 1e-3).graph
    #expect(names(after) == ["Conv"])
  }

  @Test func whatOthersTakeIsLeftAlone() throws {
    var (graph, x) = picture(2)
    let weight = graph.addConstant("w", numbers([3, 2, 1, 1]))
    let y = graph.add(Conv(), [x, weight], name: "conv")
    graph.outputs = [normalise(&graph, y, 3), y]
    let after = try check(graph, on: [numbers([2, 2, 6, 5])]).graph
    #expect(names(after) == ["Conv", "BatchNormalization"])
  }

  @Test func constantsAlongAnotherAxisAreLeftAlone() throws {
    var (graph, x) = picture(5)
    let weight = graph.addConstant("w", numbers([5, 5, 1, 1]))
    let y = graph.add(Conv(), [x, weight], name: "conv")
    let row = graph.addConstant("row", numbers([5], seed: 2))
    graph.outputs = [graph.add(Mul(), [y, row], name: "mul")]
    let after = try check(graph, on: [numbers([1, 5, 6, 5])]).graph
    #expect(names(after) == ["Conv", "Mul"])
  }

  @Test func batchNormalizationIsAProductAndASum() throws {
    var (graph, x) = picture(3)
    graph.outputs = [normalise(&graph, x, 3)]
    let after = try check(graph, [SplitBatchNormalization()], on: [numbers([2, 3, 6, 5])]).graph
    #expect(names(after) == ["Mul", "Add"])
  }

  // MARK: Activations

  private func activation(
    _ build: (inout Graph, ValueID, (Float) -> ValueID) -> ValueID
  ) throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, ["batch", 9]))
    let constants = [3, 6, 0, 0.5, 1, 1 / 6, Float(2).squareRoot()].map { number in
      (number, graph.addConstant("c\(number)", Tensor(scalar: Float(number))))
    }
    let y = build(&graph, x) { wanted in
      constants.first { $0.0 == wanted }?.1 ?? x
    }
    graph.outputs = [y]
    let input = Tensor(shape: [2, 9], (0..<18).map { Float($0 - 9) * 0.7 })
    return try check(graph, on: [input]).graph
  }

  @Test func hardSwishIsFoundHoweverItIsSpelt() throws {
    let gate = activation
    var spellings: [Graph] = []
    spellings.append(
      try gate { graph, x, c in
        let sum = graph.add(Add(), [x, c(3)], name: "add")
        let clip = graph.add(Clip(), [sum, c(0), c(6)], name: "clip")
        let product = graph.add(Mul(), [x, clip], name: "mul")
        return graph.add(Div(), [product, c(6)], name: "div")
      })
    spellings.append(
      try gate { graph, x, c in
        let sum = graph.add(Add(), [c(3), x], name: "add")
        let clip = graph.add(Clip(), [sum, c(0), c(6)], name: "clip")
        let sixth = graph.add(Mul(), [clip, c(1 / 6)], name: "sixth")
        return graph.add(Mul(), [sixth, x], name: "mul")
      })
    spellings.append(
      try gate { graph, x, _ in
        let sigmoid = graph.add(HardSigmoid(alpha: 1 / 6, beta: 0.5), [x], name: "gate")
        return graph.add(Mul(), [x, sigmoid], name: "mul")
      })
    for graph in spellings { #expect(names(graph) == ["HardSwish"]) }
  }

  @Test func otherActivationsAreFound() throws {
    let hardSigmoid = try activation { graph, x, c in
      let sum = graph.add(Add(), [x, c(3)], name: "add")
      let clip = graph.add(Clip(), [sum, c(0), c(6)], name: "clip")
      return graph.add(Div(), [clip, c(6)], name: "div")
    }
    #expect(names(hardSigmoid) == ["HardSigmoid"])
    let swish = try activation { graph, x, _ in
      graph.add(Mul(), [graph.add(Sigmoid(), [x], name: "gate"), x], name: "mul")
    }
    #expect(names(swish) == ["Swish"])
    let mish = try activation { graph, x, _ in
      let soft = graph.add(Softplus(), [x], name: "soft")
      return graph.add(Mul(), [x, graph.add(Tanh(), [soft], name: "tanh")], name: "mul")
    }
    #expect(names(mish) == ["Mish"])
    for isLast in [false, true] {
      let gelu = try activation { graph, x, c in
        let scaled = graph.add(Div(), [x, c(Float(2).squareRoot())], name: "scaled")
        let erf = graph.add(Erf(), [scaled], name: "erf")
        let bracket = graph.add(Add(), [erf, c(1)], name: "bracket")
        guard isLast else {
          let half = graph.add(Mul(), [x, c(0.5)], name: "half")
          return graph.add(Mul(), [half, bracket], name: "mul")
        }
        let product = graph.add(Mul(), [x, bracket], name: "mul")
        return graph.add(Mul(), [product, c(0.5)], name: "half")
      }
      #expect(names(gelu) == ["Gelu"])
    }
  }

  @Test func anotherGateIsNoSwish() throws {
    let graph = try activation { graph, x, c in
      let other = graph.add(Add(), [x, c(1)], name: "other")
      return graph.add(Mul(), [graph.add(Sigmoid(), [other], name: "gate"), x], name: "mul")
    }
    #expect(names(graph) == ["Add", "Sigmoid", "Mul"])
  }

  // MARK: Padding

  private func padded(_ value: Float?, _ after: any Operator, relu: Bool = false) throws -> Graph {
    var (graph, x) = picture(2)
    if relu { x = graph.add(Relu(), [x], name: "relu") }
    let pads = graph.addConstant("pads", Tensor([0, 0, 1, 2, 0, 0, 1, 0]))
    let fill = value.map { graph.addConstant("value", Tensor(scalar: $0)) }
    let y = graph.add(Pad(), [x, pads, fill], name: "pad")
    let weight = graph.addConstant("w", numbers([2, 2, 3, 3]))
    graph.outputs = [graph.add(after, after is Conv ? [y, weight] : [y], name: "after")]
    return try check(graph, on: [numbers([2, 2, 6, 5])]).graph
  }

  @Test func zeroPaddingGoesIntoWhatFollows() throws {
    #expect(names(try padded(0, Conv(strides: [2, 2]))) == ["Conv"])
    #expect(names(try padded(nil, Conv(padding: .all(1)))) == ["Conv"])
    let average = AveragePool(kernel: [3, 3], strides: [2, 2])
    #expect(names(try padded(0, average)) == ["AveragePool"])
    let greatest = MaxPool(kernel: [3, 3], strides: [2, 2])
    #expect(names(try padded(0, greatest, relu: true)) == ["Relu", "MaxPool"])
    #expect(names(try padded(-.infinity, greatest)) == ["MaxPool"])
  }

  @Test func otherPaddingStays() throws {
    #expect(names(try padded(1, Conv())) == ["Pad", "Conv"])
    let greatest = MaxPool(kernel: [3, 3], strides: [2, 2])
    #expect(names(try padded(0, greatest)) == ["Pad", "MaxPool"])
    #expect(
      names(try padded(0, MaxPool(kernel: [2, 2]), relu: true)) == ["Relu", "Pad", "MaxPool"])
    let average = AveragePool(kernel: [3, 3], padding: .all(1))
    #expect(names(try padded(0, average)) == ["Pad", "AveragePool"])
  }

  // MARK: Transposes

  @Test func transposesThatUndoEachOtherGo() throws {
    var (graph, x) = picture(3)
    let first = graph.add(Transpose(permutation: [0, 2, 3, 1]), [x], name: "a")
    let relu = graph.add(Relu(), [first], name: "relu")
    let factor = graph.addConstant("factor", numbers([3]))
    let scaled = graph.add(Mul(), [relu, factor], name: "mul")
    let back = graph.add(Transpose(permutation: [0, 3, 1, 2]), [scaled], name: "b")
    graph.outputs = [graph.add(Tanh(), [back], name: "tanh")]
    let after = try check(graph, on: [numbers([2, 3, 6, 5])]).graph
    #expect(names(after) == ["Relu", "Mul", "Tanh"])
  }

  @Test func transposesOfBothSidesSinkTogether() throws {
    var (graph, x) = picture(3)
    let sides = ["a", "b"].map { name in
      graph.add(
        Transpose(permutation: [0, 2, 3, 1]), [graph.add(Relu(), [x], name: "\(name).relu")],
        name: name)
    }
    let joined = graph.add(Concat(axis: -1), sides, name: "concat")
    graph.outputs = [graph.add(Transpose(permutation: [0, 3, 1, 2]), [joined], name: "back")]
    let after = try check(graph, on: [numbers([2, 3, 6, 5])]).graph
    #expect(names(after) == ["Relu", "Relu", "Concat"])
  }

  // MARK: Shapes and constants

  @Test func aViewByTheBatchIsAReshape() throws {
    var (graph, x) = picture(3)
    let shape = graph.add(ShapeOf(), [x], name: "shape")
    let batch = graph.add(
      Gather(), [shape, graph.addConstant("zero", Tensor(scalar: 0))], name: "gather")
    let row = graph.add(
      Unsqueeze(), [batch, graph.addConstant("axes", Tensor([0]))], name: "unsqueeze")
    let rest = graph.addConstant("rest", Tensor([-1]))
    let target = graph.add(Concat(axis: 0), [row, rest], name: "concat")
    graph.outputs = [graph.add(Reshape(), [x, target], name: "view")]
    let (after, rewrites) = try check(graph, on: [numbers([2, 3, 6, 5])])
    #expect(names(after) == ["Reshape"])
    #expect(after[after.outputs[0]].type.dimensions == ["batch", 90])
    #expect(rewrites.contains { $0.pass == "FoldShapes" })
  }

  @Test func whatFollowsFromConstantsIsOne() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, ["batch", 4]))
    let a = graph.addConstant("a", numbers([4]))
    let sum = graph.add(Add(), [a, graph.addConstant("b", numbers([4], seed: 2))], name: "sum")
    let wide = graph.add(
      Unsqueeze(), [sum, graph.addConstant("axes", Tensor([0]))], name: "wide")
    graph.outputs = [graph.add(Mul(), [x, wide], name: "y")]
    let after = try check(graph, on: [numbers([2, 4])]).graph
    #expect(names(after) == ["Mul"])
    #expect(after.constants.count == 1)
  }

  @Test func whatIsTooLargeIsLeft() throws {
    var graph = Graph()
    let shape = graph.addConstant("shape", Tensor([1 << 20, 1 << 10]))
    let ones = graph.add(ConstantOfShape(), [shape], name: "ones")
    let axes = graph.addConstant("axes", Tensor([0, 1]))
    graph.outputs = [graph.add(ReduceMax(), [ones, axes], name: "max")]
    _ = try graph.rewrite(with: [FoldConstants(maximumBytes: 1 << 10)])
    #expect(names(graph) == ["ConstantOfShape", "ReduceMax"])
  }

  @Test func whatDoesNothingGoes() throws {
    var (graph, x) = picture(3)
    var y = graph.add(Identity(), [x], name: "identity")
    y = graph.add(Dropout(), [y], name: "dropout")
    y = graph.add(Mul(), [y, graph.addConstant("one", Tensor([Float(1)]))], name: "mul")
    y = graph.add(Relu(), [y], name: "relu")
    y = graph.add(Add(), [graph.addConstant("zero", Tensor(scalar: Float(0))), y], name: "add")
    y = graph.add(Cast(to: .float32), [y], name: "cast")
    graph.outputs = [graph.add(Identity(), [y], name: "y")]
    let after = try check(graph, on: [numbers([2, 3, 6, 5])]).graph
    #expect(names(after) == ["Relu"])
    #expect(after[after.outputs[0]].name == "y")
  }

  @Test func anOutputThatIsAnInputStays() throws {
    var (graph, x) = picture(3)
    graph.outputs = [graph.add(Identity(), [x], name: "y"), graph.add(Identity(), [x], name: "z")]
    let after = try check(graph, on: [numbers([2, 3, 6, 5])]).graph
    #expect(names(after) == ["Identity", "Identity"])
  }

  @Test func equalConstantsBecomeOne() throws {
    var (graph, x) = picture(3)
    let a = graph.addConstant("a", numbers([3, 1, 1]))
    let b = graph.addConstant("b", numbers([3, 1, 1]))
    let c = graph.addConstant("c", numbers([1, 3, 1, 1]))
    var y = graph.add(Max(), [x, a], name: "1")
    y = graph.add(Min(), [y, b], name: "2")
    graph.outputs = [graph.add(Max(), [y, c], name: "3")]
    let after = try check(graph, on: [numbers([2, 3, 6, 5])]).graph
    #expect(after.constants.count == 2)
  }
}
