import ModelGraph
import Operators
import Tensors
import TestSupport
import Testing

@testable import Execution

/// Gradients by kernels beside the operators' own evaluation.
@Suite struct GradientLoweringTests {
  static let slopes: [any Slope] = [
    Relu(), Sigmoid(), Tanh(), Swish(), Swish(alpha: 1.3), Gelu(), Gelu(approximation: .tanh),
    LeakyRelu(alpha: 0.2), HardSigmoid(), HardSwish(),
    Clip.Inside(minimum: -0.3, maximum: 0.6),
  ]

  /// Adds a node with several outputs, which all become the graph's.
  private func add(
    _ operator: any Operator, _ inputs: [ValueID?], outputs: Int, to net: inout Net
  ) {
    let ids = (0..<outputs).map { net.graph.addValue("out\($0)") }
    net.graph.nodes.append(
      Node(name: "node", `operator`, inputs: inputs, outputs: ids))
    net.graph.outputs += ids
  }

  /// The operators' evaluation and the kernels of each instruction set agree, by these steps beside those that move.
  private func expect(
    _ net: Net, by steps: [String], tolerance: Float = 2e-5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try eachInstructionSet { _ in
      let found = try net.expectAgreement(tolerance: tolerance, sourceLocation: sourceLocation)
      #expect(
        found.filter { $0 != "layout" } == steps, sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: slopes)
  func slopesOfElements(_ slope: any Slope) throws {
    var net = Net()
    let y = net.add(UnaryGradient(slope), net.input([3, 41], "flow"), net.input([3, 41]))
    net.graph.outputs = [y]
    // No kernel has such a factor
    let isEvaluated = (slope as? Swish).map { $0.alpha != 1 } ?? false
    try expect(
      net, by: ["UnaryGradient" + (isEvaluated ? " (evaluated)" : "")], tolerance: 2e-6)
  }

  @Test(arguments: [true, false], [1, 15, 16, 33, 130])
  func rows(isCentred: Bool, columns: Int) throws {
    var net = Net()
    let gradient = RowNormalizationGradient(axis: 1, epsilon: 1e-3, isCentred: isCentred)
    add(
      gradient,
      [
        net.input([37, columns], "flow"), net.input([37, columns]), net.input([columns], "scale"),
      ],
      outputs: 3, to: &net)
    try expect(
      net, by: ["RowNormalizationGradient"],
      tolerance: columns == 1 ? 1e-3 : 2e-5)
  }

  @Test(arguments: [true, false], [0, 1, 2])
  func shares(isLogarithm: Bool, axis: Int) throws {
    var net = Net()
    let gradient = SoftmaxGradient(axis: axis, isLogarithm: isLogarithm)
    net.graph.outputs = [
      net.add(gradient, net.input([4, 5, 19], "flow"), net.input([4, 5, 19]))
    ]
    try expect(net, by: ["SoftmaxGradient"])
  }

  @Test(arguments: [1, 3, 4, 16, 70])
  func channelsOfABatch(channels: Int) throws {
    var net = Net()
    let x = net.input([5, channels, 7, 9])
    let line: Shape = [channels]
    add(
      BatchNormalizationInTraining(epsilon: 1e-4),
      [x, net.input(line, "scale"), net.input(line, "bias")], outputs: 3, to: &net)
    let relu = net.add(Relu(), net.graph.outputs[0])
    let flow = net.add(
      UnaryGradient(Relu()), net.input([5, channels, 7, 9], "flow"), relu)
    let ids = (0..<3).map { net.graph.addValue("gradient\($0)") }
    net.graph.nodes.append(
      Node(
        name: "gradient", BatchNormalizationGradient(epsilon: 1e-4),
        inputs: [
          flow, x, net.graph.inputs[1], net.graph.outputs[1], net.graph.outputs[2],
        ], outputs: ids))
    net.graph.outputs = [relu] + net.graph.outputs.dropFirst() + ids
    try expect(
      net,
      by: [
        "BatchNormalizationInTraining+Relu", "UnaryGradient+BatchNormalizationGradient",
      ], tolerance: 1e-4)
  }

  @Test(arguments: [true, false], [1, 2])
  func headsThatAttend(isCausal: Bool, shared: Int) throws {
    var net = Net()
    let attention = Attention(
      queryHeads: 4, keyValueHeads: 4 / shared, isCausal: isCausal,
      leftWindow: isCausal ? 90 : nil)
    let queries: Shape = [2, 150, 4 * 20]
    let keys: Shape = [2, 150, 4 / shared * 20]
    let mask = net.input([2, 1, 1, 150], "mask")
    add(
      AttentionGradient(attention),
      [
        net.input(queries, "flow"), net.input(queries, "q"), net.input(keys, "k"),
        net.input(keys, "v"), mask,
      ], outputs: 3, to: &net)
    try expect(net, by: ["AttentionGradient"])
  }

  /// Forwards and backwards, in the kernel's several ways.
  @Test(arguments: [true, false], [(2, 2), (3, 70), (150, 150)])
  func headsThatDrop(isCausal: Bool, extents: (queries: Int, keys: Int)) throws {
    var net = Net()
    let layer = AttentionInTraining(
      Attention(queryHeads: 4, keyValueHeads: 2, isCausal: isCausal), rate: 0.3, stream: 9)
    let flags = (0..<(2 * extents.keys)).map { $0 % extents.keys == 1 ? 0 : 1 as UInt8 }
    let mask = net.graph.addConstant(
      "mask", Tensor(shape: [2, 1, 1, extents.keys], flags).cast(to: .bool))
    let key = net.graph.addConstant(
      "key", DropoutKey(seed: 1 << 40, step: 70000, first: 3, samples: 2).tensor)
    let queries: Shape = [2, extents.queries, 4 * 20]
    let keys: Shape = [2, extents.keys, 2 * 20]
    let (q, k, v) = (net.input(queries, "q"), net.input(keys, "k"), net.input(keys, "v"))
    add(layer, [q, k, v, mask, key], outputs: 1, to: &net)
    let ids = (0..<3).map { net.graph.addValue("gradient\($0)") }
    net.graph.nodes.append(
      Node(
        name: "gradient", AttentionGradient(layer.attention, dropping: layer),
        inputs: [net.input(queries, "flow"), q, k, v, mask, key], outputs: ids))
    net.graph.outputs += ids
    try expect(
      net,
      by: ["mask", "AttentionInTraining", "AttentionGradient"])
  }

  @Test(arguments: [DropoutInTraining.Unit.element, .sample], [1, 63, 64, 65, 1000, 40000])
  func elementsThatDrop(unit: DropoutInTraining.Unit, columns: Int) throws {
    var net = Net()
    let key = net.graph.addConstant(
      "key", DropoutKey(seed: 5, step: 1, first: 7, samples: 3).tensor)
    let layer = DropoutInTraining(rate: 0.25, unit: unit, stream: 4)
    net.graph.outputs = [net.add(layer, net.input([3, columns]), key)]
    try expect(net, by: ["DropoutInTraining"])
  }

  @Test func productsOverRowsOfBoth() throws {
    var net = Net()
    let flat = net.add(Transpose(permutation: [1, 0]), net.input([1100, 37], "a"))
    net.graph.outputs = [net.add(MatMul(), flat, net.input([1100, 70], "b"))]
    try expect(net, by: ["MatMul"], tolerance: 1e-4)
  }

  @Test(arguments: [
    (Conv(padding: .all(1)), Shape([6, 5, 3, 3])),
    (Conv(strides: [2, 2], padding: .all(3)), Shape([17, 5, 7, 7])),
    (
      Conv(strides: [2, 1], padding: .all(1), dilations: [1, 2], groups: 5), Shape([10, 1, 3, 2])
    ),
    (Conv(), Shape([33, 5, 1, 1])), (Conv(strides: [2, 2]), Shape([33, 5, 1, 1])),
  ])
  func weightsOfConvolutions(_ conv: Conv, _ weight: Shape) throws {
    var net = Net()
    let x = net.input([2, 5, 13, 12])
    let w = net.input(weight, "w")
    let y = net.add(conv, x, w)
    let loss = net.add(ReduceSum(keepDimensions: false), net.add(Mul(), y, y))
    net.graph.outputs = try net.graph.addGradients(of: loss, by: [x, w])
    try eachInstructionSet { _ in _ = try net.expectAgreement(tolerance: 1e-4) }
  }

  /// Of many pixels, in several parts; of few channels to many and of many to few.
  @Test(arguments: [(20, 24, 3), (20, 70, 1), (70, 20, 1), (33, 40, 1)])
  func weightsOfConvolutionsInTiles(inputs: Int, outputs: Int, kernel: Int) throws {
    var net = Net()
    let flow = net.input([8, outputs, 16, 15], "flow")
    let gradient = ConvWeightGradient(kernel: [kernel, kernel], padding: .all(kernel / 2))
    net.graph.outputs = [
      net.add(gradient, net.input([8, inputs, 16, 15]), flow)
    ]
    try expect(net, by: ["ConvWeightGradient"], tolerance: 1e-4)
  }

  @Test(arguments: [PoolGradient.Pool.maximum, .average(countsPadding: false)], [1, 17, 70])
  func windowsThatPool(pool: PoolGradient.Pool, channels: Int) throws {
    var net = Net()
    let x = net.input([2, channels, 9, 8])
    let y =
      switch pool {
      case .maximum: net.add(MaxPool(kernel: [3, 3], strides: [2, 2], padding: .all(1)), x)
      case .average: net.add(AveragePool(kernel: [3, 3], strides: [2, 2], padding: .all(1)), x)
      }
    let loss = net.add(ReduceSum(keepDimensions: false), net.add(Mul(), y, y))
    net.graph.outputs = try net.graph.addGradients(of: loss, by: [x])
    try eachInstructionSet { _ in
      let steps = try net.expectAgreement(tolerance: 1e-4)
      #expect(steps.contains("PoolGradient"))
    }
  }
}
