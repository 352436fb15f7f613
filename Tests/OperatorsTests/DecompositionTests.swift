import ModelGraph
import Operators
import Tensors
import Testing

/// Operators said with others compute the same.
@Suite struct DecompositionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var `operator`: any Operator
    /// Nil for an input that is left out.
    var inputs: [Tensor?]
    /// The inputs' dimensions where they are named.
    var names: [Int: [Dimension]] = [:]
    var outputs = 1
    var testDescription: String { "\(`operator`)" }
  }

  private static let x = numbers([2, 3, 24])
  private static let y = numbers([2, 5, 12], seed: 2)
  private static let z = numbers([2, 5, 12], seed: 3)
  private static let joined: [Int: [Dimension]] = [
    0: ["batch", "sequence", 24], 1: ["batch", "keys", 12], 2: ["batch", "keys", 12],
  ]
  private static let tables = [numbers([9, 3], seed: 5), numbers([9, 3], seed: 6)]
  private static let positions = Tensor(shape: [2, 3], [0, 1, 2, 4, 8, 3])
  private static let caches = [7, 8].map { numbers([2, 2, 8, 6], seed: $0) }

  static let cases: [Case] = [
    Case(
      operator: Linear(), inputs: [x, numbers([7, 24])], names: [0: ["batch", "sequence", 24]]),
    Case(operator: Linear(), inputs: [numbers([3, 24]), numbers([7, 24]), numbers([7])]),
    Case(
      operator: RMSNormalization(epsilon: 1e-3), inputs: [x, numbers([24])],
      names: [0: ["batch", "sequence", 24]]),
    Case(
      operator: RMSNormalization(axis: 1), inputs: [x.cast(to: .float64), Tensor(scalar: 2.0)]),
    Case(
      operator: Attention(queryHeads: 4, keyValueHeads: 2, scale: 0.01), inputs: [x, y, z],
      names: joined),
    Case(
      operator: Attention(queryHeads: 4, keyValueHeads: 2, softcap: 2, isCausal: true),
      inputs: [x, y, z], names: joined, outputs: 3),
    Case(
      operator: Attention(queryHeads: 4, keyValueHeads: 2),
      inputs: [
        x, y, z,
        Tensor(
          shape: [2, 1, 1, 5], [true, true, false, true, false, true, true, true, true, false]),
      ], names: joined.merging([3: ["batch", 1, 1, "keys"]]) { $1 }),
    Case(
      operator: Attention(queryHeads: 4, keyValueHeads: 2, leftWindow: 1, rightWindow: 2),
      inputs: [x, y, z, numbers([3, 5], seed: 4)],
      names: joined.merging([3: ["sequence", "keys"]]) { $1 }),
    Case(
      operator: Attention(isCausal: true),
      inputs: [
        numbers([2, 2, 3, 6]), numbers([2, 2, 3, 6], seed: 2), numbers([2, 2, 3, 4], seed: 3), nil,
        numbers([2, 2, 2, 6], seed: 4), numbers([2, 2, 2, 4], seed: 5),
      ], outputs: 3),
    Case(
      operator: Attention(queryHeads: 4, keyValueHeads: 2, isCausal: true),
      inputs: [x, y, z, nil, nil, nil, Tensor([5, 4])],
      names: joined.merging([6: ["batch"]]) { $1 }),
    Case(
      operator: CachedAttention(queryHeads: 4, keyValueHeads: 2, scale: 0.01, window: 2),
      inputs: [
        x, numbers([2, 3, 12], seed: 2), numbers([2, 3, 12], seed: 3), caches[0], caches[1],
        Tensor([0, 4]),
      ],
      names: [
        0: ["batch", "sequence", 24], 1: ["batch", "sequence", 12], 2: ["batch", "sequence", 12],
        3: ["batch", 2, "capacity", 6], 4: ["batch", 2, "capacity", 6], 5: ["batch"],
      ], outputs: 3),
    Case(
      operator: CachedAttention(queryHeads: 4, keyValueHeads: 2),
      inputs: [
        x, numbers([2, 3, 12], seed: 2), numbers([2, 3, 12], seed: 3), caches[0], caches[1],
        Tensor([0, 4]), numbers([1, 4, 3, caches[0].shape[2]], seed: 4),
      ],
      names: [
        0: ["batch", "sequence", 24], 1: ["batch", "sequence", 12], 2: ["batch", "sequence", 12],
        3: ["batch", 2, "capacity", 6], 4: ["batch", 2, "capacity", 6], 5: ["batch"],
        6: [1, 4, "sequence", "capacity"],
      ], outputs: 3),
    Case(
      operator: RotaryEmbedding(heads: 4), inputs: [x, tables[0], tables[1], positions],
      names: [0: ["batch", "sequence", 24], 3: ["batch", "sequence"]]),
    Case(
      operator: RotaryEmbedding(isInterleaved: true, rotaryDimension: 6, heads: 3),
      inputs: [x, tables[0], tables[1], positions],
      names: [0: ["batch", "sequence", 24], 3: ["batch", "sequence"]]),
    Case(
      operator: RotaryEmbedding(rotaryDimension: 6),
      inputs: [numbers([2, 4, 3, 8]), numbers([2, 3, 3]), numbers([2, 3, 3], seed: 2)]),
  ]

  @Test(arguments: cases)
  func computesTheSame(_ given: Case) throws {
    var graph = Graph()
    var inputs: [String: Tensor] = [:]
    let ids = given.inputs.enumerated().map { index, tensor -> ValueID? in
      guard let tensor else { return nil }
      inputs["x\(index)"] = tensor
      let dimensions = given.names[index] ?? tensor.shape.map { .fixed($0) }
      return graph.addInput("x\(index)", TensorType(tensor.dataType, dimensions))
    }
    graph.outputs = (0..<given.outputs).map { graph.addValue("y\($0)") }
    graph.nodes = [
      Node(name: "whole", given.operator, inputs: ids, outputs: graph.outputs.map(\.self))
    ]
    try graph.inferTypes()
    let parts = try graph.decomposed(opset: 17)
    #expect(parts.operatorCounts[given.operator.name] == nil)
    let expected = try GraphEvaluator(graph).evaluate(inputs)
    let found = try GraphEvaluator(parts).evaluate(inputs)
    for (a, b) in zip(found, expected) { expectClose(a, b, relative: 1e-5, absolute: 1e-5) }
    // What was known of the results still is.
    for (a, b) in zip(parts.outputs, graph.outputs) {
      #expect(parts[a].type == graph[b].type)
    }
  }

  @Test func keepsWhatTheOperatorSetHas() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, ["n", 4]))
    let scale = graph.addParameter("scale", TensorType(.float32, [4]))
    graph.outputs = [graph.add(RMSNormalization(), [x, scale], name: "norm")]
    #expect(try graph.decomposed(opset: 23).operatorCounts == ["RMSNormalization": 1])
    #expect(try graph.decomposed(opset: 22).operatorCounts["RMSNormalization"] == nil)
  }
}
