import ModelGraph
import Operators
import Tensors
import Testing

@Suite struct FuseAttentionTests {
  /// Attention as exporters spell it: heads apart, products, scale, mask, softmax.
  private func spelt(
    scale: (any Operator)?, isMasked: Bool, leaks: Bool = false, keyHeads: Int = 4
  ) -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 5, 24]))
    func heads(_ name: String, _ count: Int, _ order: [Int]) -> ValueID {
      let part =
        count == 4 ? x : graph.addInput("other", TensorType(.float32, shape: [2, 5, 6 * count]))
      let shape = graph.addConstant("\(name)_shape", Tensor([0, 0, count, 6] as [Int]))
      let split = graph.add(Reshape(), [part, shape], name: "\(name)_split")
      return graph.add(Transpose(permutation: order), [split], name: name)
    }
    let (q, v) = (heads("q", 4, [0, 2, 1, 3]), heads("v", 4, [0, 2, 1, 3]))
    let k = heads("k", keyHeads, [0, 2, 3, 1])
    var scores = graph.add(MatMul(), [q, k], name: "scores")
    let product = scores
    if let scale {
      let number = graph.addConstant("number", Tensor(scalar: Float(4)))
      scores = graph.add(scale, [scores, number], name: "scaled")
    }
    if isMasked {
      let mask = graph.addInput("mask", TensorType(.float32, [2, 1, 1, 5]))
      scores = graph.add(Add(), [mask, scores], name: "masked")
    }
    let shares = graph.add(Softmax(axis: -1), [scores], name: "shares")
    let y = graph.add(MatMul(), [shares, v], name: "mixed")
    graph.outputs = [graph.add(Transpose(permutation: [0, 2, 1, 3]), [y], name: "result")]
    if leaks { graph.outputs.append(product) }
    return graph
  }

  @Test(arguments: [0, 1, 2], [false, true])
  func computesTheSame(scale: Int, isMasked: Bool) throws {
    let operators: [(any Operator)?] = [nil, Mul(), Div()]
    let graph = spelt(scale: operators[scale], isMasked: isMasked)
    var fused = graph
    let done = try fused.rewrite(with: [FuseAttention()])
    #expect(done.map(\.into) == ["mixed (Attention)"])
    #expect(fused.operatorCounts["Softmax"] == nil && fused.operatorCounts["MatMul"] == nil)
    var inputs = ["x": numbers([2, 5, 24]).cast(to: .float64)]
    inputs["x"] = inputs["x"].map { x in
      Tensor(shape: x.shape, x.doubles.map { Float($0 / 9) })
    }
    if isMasked { inputs["mask"] = numbers([2, 1, 1, 5], seed: 2) }
    let expected = try GraphEvaluator(graph).evaluate(inputs)
    let found = try GraphEvaluator(fused).evaluate(inputs)
    expectClose(found[0], expected[0], relative: 1e-5, absolute: 1e-5)
  }

  @Test func leavesWhatOthersLookAt() throws {
    var graph = spelt(scale: Mul(), isMasked: false, leaks: true)
    #expect(try graph.rewrite(with: [FuseAttention()]).isEmpty)
  }

  @Test func leavesHeadsThatStretch() throws {
    var graph = spelt(scale: Mul(), isMasked: false, keyHeads: 1)
    #expect(try graph.rewrite(with: [FuseAttention()]).isEmpty)
  }

  @Test(arguments: [nil, [1, 0]] as [[Int]?])
  func aProductWithATransposedWeightIsLinear(permutation: [Int]?) throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, ["batch", 3, 5]))
    let weight = graph.addConstant("weight", numbers([4, 5], seed: 2))
    let turned = graph.add(Transpose(permutation: permutation), [weight], name: "turned")
    graph.outputs = [graph.add(MatMul(), [x, turned], name: "product")]
    var fused = graph
    #expect(try fused.rewrite(with: [FuseLinear()]).map(\.into) == ["product (Linear)"])
    #expect(fused.operatorCounts == ["Linear": 1])
    let given = ["x": numbers([2, 3, 5])]
    let expected = try GraphEvaluator(graph).evaluate(given)
    #expect(try GraphEvaluator(fused).evaluate(given)[0].isBitEqual(to: expected[0]))
  }
}
