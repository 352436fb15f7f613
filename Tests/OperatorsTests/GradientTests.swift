import BinaryIO
import ModelGraph
import TestSupport
import Tensors
import Testing

@testable import Operators

/// An operator with inputs to be moved a little.
struct GradientCase: Sendable, CustomTestStringConvertible {
  var name: String
  var `operator`: any Operator
  /// Shapes of the inputs that move.
  var shapes: [Shape]
  /// Constants, by the place that they take among the inputs.
  var constants: [Int: Tensor] = [:]
  /// What the inputs' numbers lie between.
  var range: ClosedRange<Double> = -2...2
  var outputs = 1

  var testDescription: String { name }

  init(
    _ operator: any Operator, _ shapes: [Shape], _ constants: [Int: Tensor] = [:],
    range: ClosedRange<Double> = -2...2, outputs: Int = 1, what: String = ""
  ) {
    name = type(of: `operator`).name + (what.isEmpty ? "" : " " + what)
    self.operator = `operator`
    self.shapes = shapes
    self.constants = constants
    self.range = range
    self.outputs = outputs
  }

  /// Numbers that are no multiples of one another and far from each other's ties.
  func values(_ count: Int, seed: Int) -> [Double] {
    (0..<count).map { index in
      let share = Double((index + 7 * seed) * 7919 % 1009) / 1009
      return range.lowerBound + (range.upperBound - range.lowerBound) * share + 0.00137
    }
  }

  /// The graph `Σ weights · operator(inputs)`, and the inputs that move.
  func graph() throws -> (graph: Graph, loss: ValueID, moving: [ValueID], inputs: [String: Tensor])
  {
    var graph = Graph()
    var (ids, moving, inputs): ([ValueID?], [ValueID], [String: Tensor]) = ([], [], [:])
    var shapes = shapes[...]
    for place in 0..<(shapes.count + constants.count) {
      if let constant = constants[place] {
        ids.append(graph.addConstant("constant\(place)", constant))
      } else if let shape = shapes.popFirst() {
        let id = graph.addInput("x\(place)", TensorType(.float64, shape: shape))
        inputs["x\(place)"] = Tensor(shape: shape, values(shape.elementCount, seed: place))
        ids.append(id)
        moving.append(id)
      }
    }
    let results = (0..<outputs).map { graph.addValue("y\($0)") }
    graph.nodes.append(Node(name: "node", `operator`, inputs: ids, outputs: results))
    try graph.inferTypes()
    var sums: [ValueID] = []
    for (index, result) in results.enumerated() {
      let shape = try #require(graph[result].type.shape)
      let weights = (0..<shape.elementCount).map { Double(($0 + index) * 31 % 17) / 8 - 0.9 }
      let weight = graph.addConstant("w\(index)", Tensor(shape: shape, weights))
      let product = graph.add(Mul(), [result, weight], name: "product\(index)")
      sums.append(graph.add(ReduceSum(keepDimensions: false), [product], name: "sum\(index)"))
    }
    let loss = graph.add(Sum(), sums, name: "loss")
    graph.outputs = [loss]
    return (graph, loss, moving, inputs)
  }
}

@Suite struct GradientTests {
  static let unary: [GradientCase] = {
    let any: [any Operator] = [
      Relu(), LeakyRelu(alpha: 0.2), Elu(alpha: 1.3), Celu(alpha: 0.7), Selu(), Sigmoid(), Tanh(),
      Exp(), Neg(), Abs(), Erf(), Softplus(), Softsign(), Mish(), Swish(), HardSigmoid(),
      HardSwish(), ThresholdedRelu(alpha: 0.4), Shrink(bias: 0, lambda: 0.3), Gelu(), Sin(), Cos(),
      Atan(), Sinh(), Cosh(), Asinh(), Floor(), Ceil(),
      Round(), Sign(), Identity(), Dropout(), Cast(to: .float64),
    ]
    let small: [any Operator] = [Tan(), Asin(), Acos(), Atanh()]
    let positive: [any Operator] = [Log(), Sqrt(), Reciprocal()]
    return any.map { GradientCase($0, [[3, 4]]) }
      + small.map { GradientCase($0, [[3, 4]], range: -0.8...0.8) }
      + positive.map { GradientCase($0, [[3, 4]], range: 0.5...3) }
      + [
        GradientCase(Acosh(), [[3, 4]], range: 1.5...3),
        GradientCase(Swish(alpha: 1.7), [[3, 4]], what: "of 1.7"),
        GradientCase(Gelu(approximation: .tanh), [[3, 4]], what: "by tanh"),
      ]
  }()

  static let binary: [GradientCase] = [
    GradientCase(Add(), [[2, 3, 4], [3, 1]]), GradientCase(Sub(), [[3, 1], [2, 3, 4]]),
    GradientCase(Mul(), [[2, 3, 4], [4]]),
    GradientCase(Div(), [[2, 3, 4], [1, 3, 1]], range: 0.5...2),
    GradientCase(Pow(), [[2, 3], [3]], range: 0.5...2),
    GradientCase(Pow(), [[2, 3]], [1: Tensor(scalar: 3.0)], what: "by a constant"),
    GradientCase(Mod(), [[2, 3], [3]], range: 0.3...2),
    GradientCase(Mod(truncated: true), [[2, 3], [3]], what: "towards zero"),
    GradientCase(Max(), [[2, 3], [3]]), GradientCase(Min(), [[2, 3], [2, 1], [3]]),
    GradientCase(Sum(), [[2, 3], [2, 1], [3]]), GradientCase(Mean(), [[2, 3], [2, 1], [3]]),
    GradientCase(PRelu(), [[2, 3, 4], [3, 1]]),
    GradientCase(Clip(), [[3, 4]], [1: Tensor(scalar: -0.5), 2: Tensor(scalar: 1.1)]),
    GradientCase(
      Where(), [[2, 3], [3]], [0: Tensor(shape: [2, 1], [1, 0] as [UInt8]).cast(to: .bool)]),
  ]

  static let shape: [GradientCase] = [
    GradientCase(Reshape(), [[2, 6]], [1: Tensor([3, -1])]), GradientCase(Flatten(), [[2, 3, 4]]),
    GradientCase(Squeeze(), [[2, 1, 3]], [1: Tensor([1])]),
    GradientCase(Unsqueeze(), [[2, 3]], [1: Tensor([0, 3])]),
    GradientCase(Transpose(permutation: [2, 0, 1]), [[2, 3, 4]]),
    GradientCase(Transpose(), [[2, 3, 4]], what: "reversed"),
    GradientCase(Concat(axis: -1), [[2, 3], [2, 1], [2, 2]]),
    GradientCase(Split(axis: 1, outputCount: 2), [[2, 5]], [1: Tensor([2, 3])], outputs: 2),
    GradientCase(
      Slice(), [[4, 5]],
      [1: Tensor([1, 0]), 2: Tensor([3, 5]), 3: Tensor([0, 1]), 4: Tensor([1, 2])]),
    GradientCase(
      Slice(), [[4, 5]], [1: Tensor([3]), 2: Tensor([-9]), 3: Tensor([0]), 4: Tensor([-1])],
      what: "backwards"),
    GradientCase(Expand(), [[3, 1]], [1: Tensor([2, 3, 4])]),
    GradientCase(Tile(), [[2, 3]], [1: Tensor([2, 3])]),
    GradientCase(Pad(), [[2, 3]], [1: Tensor([1, 0, 2, 1])]),
    GradientCase(Pad(), [[4, 3]], [1: Tensor([1, -1, -2, 1])], what: "that cuts off"),
    GradientCase(Pad(mode: .reflect), [[3, 4]], [1: Tensor([2, 1, 0, 3])], what: "by mirrors"),
    GradientCase(Pad(mode: .edge), [[3, 4]], [1: Tensor([2, 1, 0, 3])], what: "by the border"),
    GradientCase(Pad(mode: .wrap), [[3, 4]], [1: Tensor([2, 1, 0, 3])], what: "by the other end"),
    GradientCase(Gather(axis: 1), [[2, 4, 3]], [1: Tensor(shape: [2, 2], [3, 0, -1, 2])]),
    GradientCase(
      GatherElements(axis: 1), [[2, 4]], [1: Tensor(shape: [2, 3], [3, 0, 3, 2, 2, 1])]),
    GradientCase(
      GatherND(), [[3, 4]], [1: Tensor(shape: [3, 2], [0, 1, 2, -1, 2, 3])]),
    GradientCase(GatherND(), [[3, 4]], [1: Tensor(shape: [2, 1], [2, 0])], what: "of rows"),
    GradientCase(
      GatherND(batchDimensions: 1), [[2, 3, 2]],
      [1: Tensor(shape: [2, 2, 1], [0, 2, 1, 1])], what: "of each sample"),
    GradientCase(ScatterND(), [[3, 4], [2, 4]], [1: Tensor(shape: [2, 1], [2, 0])]),
    GradientCase(
      ScatterND(reduction: .add), [[3, 4], [3]],
      [1: Tensor(shape: [3, 2], [0, 1, 2, 3, 0, 1])], what: "that adds"),
    GradientCase(
      ScatterND(reduction: .max), [[3, 4], [3]],
      [1: Tensor(shape: [3, 2], [0, 1, 2, 3, 0, 1])], what: "of the greatest"),
    GradientCase(
      ScatterElements(axis: 1), [[2, 4], [2, 2]], [1: Tensor(shape: [2, 2], [3, 0, -2, 1])]),
    GradientCase(
      ScatterElements(axis: 0, reduction: .add), [[3, 2], [4, 2]],
      [1: Tensor(shape: [4, 2], [2, 0, 2, 1, 0, 1, 1, 2])], what: "that adds"),
    GradientCase(
      ScatterElements(axis: 1, reduction: .min), [[2, 4], [2, 2]],
      [1: Tensor(shape: [2, 2], [3, 0, 2, 1])], what: "of the smallest"),
    GradientCase(
      TopK(axis: 1), [[2, 5]], [1: Tensor([3])]),
    GradientCase(
      TopK(axis: 0, largest: false), [[4, 3]], [1: Tensor([2])], what: "of the smallest"),
    GradientCase(DepthToSpace(blockSize: 2), [[1, 8, 2, 3]]),
    GradientCase(
      DepthToSpace(blockSize: 2, mode: .columnRowDepth), [[1, 8, 2, 3]], what: "of pixels"),
    GradientCase(SpaceToDepth(blockSize: 2), [[1, 2, 4, 6]]),
    GradientCase(Trilu(upper: false), [[2, 3, 3]]),
    GradientCase(CumSum(), [[2, 4]], [1: Tensor(scalar: 1)]),
    GradientCase(
      CumSum(exclusive: true, reverse: true), [[2, 4]], [1: Tensor(scalar: 1)], what: "backwards"),
  ]

  static let reductions: [GradientCase] = [
    GradientCase(ReduceSum(), [[2, 3, 4]], [1: Tensor([1])]),
    GradientCase(ReduceSum(keepDimensions: false), [[2, 3, 4]], what: "of all"),
    GradientCase(ReduceMean(keepDimensions: false), [[2, 3, 4]], [1: Tensor([0, -1])]),
    GradientCase(ReduceMax(), [[2, 3, 4]], [1: Tensor([2])]),
    GradientCase(ReduceMin(keepDimensions: false), [[2, 3, 4]], [1: Tensor([1])]),
    GradientCase(ReduceSumSquare(), [[2, 3]], [1: Tensor([1])]),
    GradientCase(ReduceL1(), [[2, 3]], [1: Tensor([1])]),
    GradientCase(ReduceL2(), [[2, 3]], [1: Tensor([1])]),
    GradientCase(ReduceProd(), [[2, 3, 4]], [1: Tensor([1])]),
    GradientCase(ReduceProd(keepDimensions: false), [[2, 3]], what: "of all"),
    GradientCase(ReduceLogSum(), [[2, 3]], [1: Tensor([1])], range: 0.5...2),
    GradientCase(ReduceLogSumExp(), [[2, 3]], [1: Tensor([1])]),
    GradientCase(GlobalAveragePool(), [[2, 3, 4, 5]]),
    GradientCase(GlobalMaxPool(), [[2, 3, 4, 5]]),
    GradientCase(GlobalLpPool(), [[2, 3, 4, 5]]),
    GradientCase(GlobalLpPool(p: 3), [[2, 3, 4]], what: "of third powers"),
  ]

  static let layers: [GradientCase] = [
    GradientCase(MatMul(), [[2, 3], [3, 4]]),
    GradientCase(MatMul(), [[5, 2, 3], [3, 4]], what: "shared"),
    GradientCase(MatMul(), [[2, 1, 2, 3], [4, 3, 2]], what: "stretched"),
    GradientCase(MatMul(), [[3], [2, 3, 4]], what: "of a row"),
    GradientCase(MatMul(), [[2, 3], [3]], what: "by a column"),
    GradientCase(Gemm(alpha: 0.5, beta: 2), [[2, 3], [3, 4], [4]]),
    GradientCase(
      Gemm(alpha: 1.5, transposeA: true, transposeB: true), [[3, 2], [4, 3], [2, 1]], what: "turned"
    ),
    GradientCase(Linear(), [[2, 5, 3], [4, 3], [4]]),
    GradientCase(Linear(), [[2, 3], [4, 3]], what: "without bias"),
    GradientCase(Conv(padding: .all(1)), [[2, 3, 5, 4], [4, 3, 3, 3], [4]]),
    GradientCase(
      Conv(strides: [2, 2], padding: .all(1)), [[2, 3, 6, 5], [4, 3, 3, 3]], what: "with strides"),
    GradientCase(
      Conv(strides: [2, 1], padding: .sameUpper, dilations: [1, 2], groups: 2),
      [[1, 4, 7, 6], [6, 2, 3, 2], [6]], what: "in groups"),
    GradientCase(
      Conv(padding: .all(1), groups: 4), [[1, 4, 4, 4], [4, 1, 3, 3]], what: "depthwise"),
    GradientCase(Conv(strides: [3, 3]), [[1, 2, 8, 8], [3, 2, 2, 2]], what: "that leaves gaps"),
    GradientCase(
      Conv(strides: [2], padding: .symmetric([1]), dilations: [1]), [[2, 3, 9], [4, 3, 3], [4]],
      what: "of a line"),
    GradientCase(
      ConvTranspose(strides: [2, 2], padding: .all(1), outputPadding: [1, 0]),
      [[2, 3, 3, 4], [3, 4, 3, 3], [4]]),
    GradientCase(
      ConvTranspose(strides: [1, 2], padding: .symmetric([0, 1]), dilations: [2, 1], groups: 2),
      [[1, 4, 3, 4], [4, 3, 2, 3], [6]], what: "in groups"),
    GradientCase(
      ConvTranspose(
        strides: [3], padding: .symmetric([0]), dilations: [1], outputPadding: [0],
        outputShape: [13]),
      [[2, 2, 4], [2, 3, 2]], what: "onto more"),
    GradientCase(LpPool(kernel: [3, 2], strides: [2, 2], padding: .all(1)), [[2, 2, 6, 5]]),
    GradientCase(
      LpPool(kernel: [3, 3], strides: [2, 2], ceilMode: true, p: 3), [[1, 2, 6, 6]],
      what: "of third powers"),
    GradientCase(MaxPool(kernel: [3, 3], strides: [2, 2], padding: .all(1)), [[2, 2, 6, 5]]),
    GradientCase(AveragePool(kernel: [3, 2], strides: [2, 2], padding: .all(1)), [[2, 2, 6, 5]]),
    GradientCase(
      AveragePool(
        kernel: [3, 3], strides: [2, 2], padding: .all(1), ceilMode: true, countIncludePad: true),
      [[2, 2, 6, 5]], what: "that counts padding"),
    GradientCase(Softmax(axis: 1), [[2, 5, 3]]), GradientCase(LogSoftmax(axis: -1), [[2, 5]]),
    GradientCase(
      TokenCrossEntropy(), [[2, 3, 5]], [1: Tensor(shape: [2, 3], [1, -100, 4, 0, 3, -100])]),
    GradientCase(LayerNormalization(), [[2, 3, 5], [5], [5]]),
    GradientCase(LayerNormalization(axis: 1), [[2, 3, 5], [3, 5]], what: "of two axes"),
    GradientCase(RMSNormalization(), [[2, 3, 5], [5]]),
    GradientCase(GroupNormalization(groups: 2), [[2, 4, 3, 2], [4], [4]]),
    GradientCase(InstanceNormalization(), [[2, 3, 4, 2], [3], [3]]),
    GradientCase(LRN(size: 3, alpha: 0.6, beta: 0.75, bias: 1.2), [[2, 5, 3, 2]]),
    GradientCase(LRN(size: 4, alpha: 0.9, beta: 0.5, bias: 2), [[1, 6, 4]], what: "of four"),
    GradientCase(LpNormalization(axis: 1), [[2, 5, 3]]),
    GradientCase(LpNormalization(axis: -1, p: 1), [[2, 5]], what: "of sizes"),
    GradientCase(Hardmax(), [[2, 5]]),
    GradientCase(
      BatchNormalization(), [[2, 3, 4], [3], [3]],
      [3: Tensor(shape: [3], [0.1, -0.4, 0.7]), 4: Tensor(shape: [3], [1.2, 0.6, 2])]),
    GradientCase(
      RotaryEmbedding(heads: 2), [[2, 3, 8]],
      [
        1: Tensor(shape: [5, 2], (0..<10).map { C.cos(Double($0)) }),
        2: Tensor(shape: [5, 2], (0..<10).map { C.sin(Double($0)) }),
        3: Tensor(shape: [2, 3], [0, 1, 2, 4, 3, 1]),
      ]),
    GradientCase(Attention(queryHeads: 4, keyValueHeads: 2), [[2, 3, 8], [2, 3, 4], [2, 3, 4]]),
    GradientCase(
      Attention(queryHeads: 2, keyValueHeads: 2, softcap: 3, isCausal: true),
      [[1, 4, 6], [1, 4, 6], [1, 4, 4]], what: "that is causal"),
  ]

  private static let none = Tensor(shape: [0], [] as [Float])

  static let resampling: [GradientCase] = [
    GradientCase(
      Resize(mode: .linear), [[1, 2, 3, 4]],
      [1: none, 2: Tensor(shape: [4], [1, 1, 2, 1.5] as [Float])]),
    GradientCase(
      Resize(mode: .linear, coordinateTransformation: .alignCorners), [[1, 2, 3, 4]],
      [1: none, 2: none, 3: Tensor([1, 2, 5, 7])], what: "from corner to corner"),
    GradientCase(
      Resize(mode: .nearest, coordinateTransformation: .asymmetric, nearestMode: .floor),
      [[1, 2, 3, 4]], [1: none, 2: Tensor(shape: [4], [1, 1, 2, 2] as [Float])],
      what: "to the nearest"),
    GradientCase(
      Resize(mode: .cubic), [[1, 2, 4, 5]], [1: none, 2: none, 3: Tensor([1, 2, 7, 8])],
      what: "by cubes"),
    GradientCase(
      Resize(mode: .linear, excludeOutside: true, antialias: true), [[1, 2, 6, 8]],
      [1: none, 2: none, 3: Tensor([1, 2, 3, 5])], what: "to less"),
    GradientCase(
      Resize(mode: .linear, coordinateTransformation: .cropAndResize, extrapolationValue: 1.5),
      [[4, 5]],
      [
        1: Tensor(shape: [4], [0.2, -0.3, 0.9, 1.2] as [Float]), 2: none, 3: Tensor([3, 6]),
      ], what: "of a part"),
  ]

  static let products: [GradientCase] = [
    GradientCase(Einsum(equation: "ij,jk->ik"), [[2, 3], [3, 4]]),
    GradientCase(
      Einsum(equation: "bhqd,bhkd->bhqk"), [[2, 2, 3, 4], [2, 2, 5, 4]], what: "of heads"),
    GradientCase(Einsum(equation: "...ij,...jk"), [[2, 1, 2, 3], [3, 3, 2]], what: "stretched"),
    GradientCase(Einsum(equation: "ij->j"), [[2, 3]], what: "of columns"),
    GradientCase(Einsum(equation: "i,j,ij->i"), [[2], [3], [2, 3]], what: "of three"),
  ]

  /// Central differences in Double beside the rule, for every element of every input.
  @Test(arguments: all)
  func agreesWithFiniteDifferences(_ test: GradientCase) throws {
    var (graph, loss, moving, inputs) = try test.graph()
    let plain = try GraphEvaluator(graph)
    graph.outputs = try graph.addGradients(of: loss, by: moving)
    let gradients = try GraphEvaluator(graph).evaluate(inputs)
    let step = 1e-5
    for (id, gradient) in zip(moving, gradients) {
      let name = graph[id].name
      let tensor = try #require(inputs[name])
      #expect(gradient.shape == tensor.shape)
      let values = tensor.doubles
      let size = max(1, gradient.doubles.map(abs).max() ?? 0)
      for (index, found) in gradient.doubles.enumerated() {
        func loss(_ shift: Double) throws -> Double {
          var moved = (inputs, values)
          moved.1[index] += shift
          moved.0[name] = Tensor(shape: tensor.shape, moved.1)
          return try plain.evaluate(moved.0)[0].doubles[0]
        }
        let expected = try (loss(step) - loss(-step)) / (2 * step)
        #expect(abs(found - expected) < 2e-7 * size, "\(name)[\(index)]: \(found), not \(expected)")
      }
    }
  }

  /// Two samples of a step with a seed.
  private static let key = DropoutKey(seed: 11, step: 3, first: 2, samples: 2).tensor
  private static let visible = Tensor(shape: [2, 1, 1, 3], [1, 1, 0, 1, 1, 1] as [UInt8])

  static let chance: [GradientCase] = [
    GradientCase(DropoutInTraining(rate: 0.4, stream: 5), [[2, 3, 5]], [1: key]),
    GradientCase(
      DropoutInTraining(rate: 0.5, unit: .sample, stream: 5), [[2, 4]], [1: key],
      what: "of samples"),
    GradientCase(
      AttentionInTraining(
        Attention(queryHeads: 4, keyValueHeads: 2), rate: 0.3, stream: 5),
      [[2, 3, 8], [2, 3, 4], [2, 3, 4]], [3: visible.cast(to: .bool), 4: key]),
  ]

  static let all =
    unary + binary + shape + reductions + layers + resampling + products + chance
  static let golden = (try? NumPyArrays.arrays("operators/gradients.npz")) ?? [:]

  @Test func casesHaveNamesOfTheirOwn() {
    let names = Dictionary(grouping: Self.all.map(\.name)) { $0 }
    #expect(names.filter { $0.value.count > 1 }.isEmpty)
    let known = Set(
      Self.golden.keys.compactMap { $0.split(separator: ".x").first.map(String.init) })
    #expect(known.count > 120 && known.isSubset(of: Self.all.map(\.name)), "\(known)")
  }

  /// What `scripts/fixtures/operator_gradients.py` found, for every operator that PyTorch has.
  @Test(arguments: all.filter { test in golden.keys.contains { $0.hasPrefix("\(test.name).x") } })
  func agreesWithPyTorch(_ test: GradientCase) throws {
    var (graph, loss, moving, inputs) = try test.graph()
    graph.outputs = try graph.addGradients(of: loss, by: moving)
    let gradients = try GraphEvaluator(graph).evaluate(inputs)
    for (id, gradient) in zip(moving, gradients) {
      let expected = try #require(Self.golden["\(test.name).\(graph[id].name)"])
      #expect(gradient.shape == expected.shape)
      let size = max(1, expected.doubles.map(abs).max() ?? 0)
      let worst = zip(gradient.doubles, expected.doubles).map { abs($0 - $1) }.max() ?? 0
      // PyTorch has some constants in single precision
      #expect(worst < 1e-7 * size, "\(graph[id].name): off by \(worst) of \(size)")
    }
  }

  @Test func whatTheLossDoesNotDependOnHasZeros() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float64, shape: [2]))
    let y = graph.addInput("y", TensorType(.float64, shape: [3]))
    let loss = graph.add(ReduceSum(keepDimensions: false), [x], name: "loss")
    graph.outputs = try graph.addGradients(of: loss, by: [x, y])
    let found = try GraphEvaluator(graph).evaluate([
      "x": Tensor([1.0, 2.0]), "y": Tensor([1.0, 2.0, 3.0]),
    ])
    #expect(found.map(\.doubles) == [[1, 1], [0, 0, 0]])
  }

  /// What is a whole number or a truth; where what comes in is chosen before.
  private static let withoutRule: Set<String> = [
    "And", "ArgMax", "ArgMin", "ConstantOfShape", "Equal", "Greater", "GreaterOrEqual", "IsInf",
    "IsNaN", "Less", "LessOrEqual", "NonZero", "Not", "OneHot", "Or", "Range", "Shape", "Size",
    "Xor",
  ]

  @Test func everyOperatorOfNumbersHasARule() {
    let missing = OperatorRegistry.all.filter {
      !($0 is any Differentiable.Type) && !($0 is any Decomposable.Type)
    }
    #expect(Set(missing.map { $0.name }) == GradientTests.withoutRule)
  }

  @Test func whatIsGreatestKnowsWhereItCameFrom() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float64, shape: [4]))
    let k = graph.addConstant("k", Tensor([2]))
    let (values, places) = (graph.addValue("values"), graph.addValue("places"))
    graph.nodes.append(Node(name: "top", TopK(), inputs: [x, k], outputs: [values, places]))
    let square = graph.add(Mul(), [values, values], name: "square")
    let loss = graph.add(ReduceSum(keepDimensions: false), [square], name: "loss")
    graph.outputs = try graph.addGradients(of: loss, by: [x])
    #expect(graph.nodes.filter { $0.operator is TopK }.count == 1)
    let found = try GraphEvaluator(graph).evaluate(["x": Tensor([1.0, 4.0, -2.0, 3.0])])
    #expect(found[0].doubles == [0, 8, 0, 6])
  }

  @Test(arguments: [[2.0, 3, 4], [2, 0, 4], [0, 3, 0]])
  func productsKnowWhatZerosLeave(values: [Double]) throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float64, shape: [3]))
    let loss = graph.add(ReduceProd(keepDimensions: false), [x], name: "loss")
    graph.outputs = try graph.addGradients(of: loss, by: [x])
    let found = try GraphEvaluator(graph).evaluate(["x": Tensor(values)])
    let expected = [values[1] * values[2], values[0] * values[2], values[0] * values[1]]
    #expect(found[0].doubles == expected)
  }

  @Test(arguments: [
    LpNormalization() as any Operator, LpNormalization(p: 1), GlobalLpPool(),
  ]) func whatHasNoLengthGetsNoGradient(norm: any Operator) throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float64, shape: [1, 1, 3]))
    let y = graph.add(norm, [x], name: "norm")
    let loss = graph.add(ReduceSum(keepDimensions: false), [y], name: "loss")
    graph.outputs = try graph.addGradients(of: loss, by: [x])
    let zeros = Tensor(shape: [1, 1, 3], [0.0, 0, 0])
    #expect(try GraphEvaluator(graph).evaluate(["x": zeros])[0].doubles == [0, 0, 0])
  }

  @Test func anOperatorWithoutARuleIsNamed() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float64, shape: [1, 3, 2]))
    let y = graph.add(Unruly(), [x], name: "local")
    let loss = graph.add(ReduceSum(keepDimensions: false), [y], name: "loss")
    let error = #expect(throws: DataError.self) { try graph.addGradients(of: loss, by: [x]) }
    #expect(error?.description.contains("'local' (Unruly)") == true)
    #expect(error?.code == .unsupported)
  }
}

/// Gives what it gets, and no gradient.
private struct Unruly: Operator {
  static let name = "Unruly"
  func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] { [inputs[0]] }
  func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { inputs.compactMap { $0 } }
}
