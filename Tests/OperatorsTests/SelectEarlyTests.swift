import ModelGraph
import Operators
import Tensors
import Testing

@Suite struct SelectEarlyTests {
  /// A layer of an encoder, and what is made of one of its places.
  private struct Layer {
    var graph = Graph()
    let normal: ValueID
    var inputs: [String: Tensor] = [:]

    init(
      place: Tensor, isCausal: Bool = false, mask: Shape = [2, 1, 1, 5], drops: Bool = false
    ) throws {
      var graph = Graph()
      func weight(_ name: String, _ shape: Shape) -> ValueID {
        let values = numbers(shape, seed: name.utf8.reduce(1) { 3 * $0 + Int($1) }).doubles
        return graph.addConstant(name, Tensor(shape: shape, values.map { Float($0 / 9) }))
      }
      func linear(_ x: ValueID, _ name: String) -> ValueID {
        graph.add(
          Linear(), [x, weight("\(name).weight", [6, 6]), weight("\(name).bias", [6])], name: name)
      }
      let x = graph.addInput("x", TensorType(.float32, [2, 5, 6]))
      let bias = graph.addInput("mask", TensorType(.float32, shape: mask))
      let parts = ["q", "k", "v"].map { linear(x, $0) }
      let key = graph.addConstant("key", DropoutKey().tensor)
      let attention = Attention(queryHeads: 2, keyValueHeads: 2, isCausal: isCausal)
      // At a rate of nothing, so that both are the same
      let attended =
        drops
        ? graph.add(
          AttentionInTraining(attention, rate: 0, stream: 1), parts + [bias, key],
          name: "attention")
        : graph.add(attention, parts + [bias], name: "attention")
      let dense = linear(attended, "dense")
      let kept =
        drops
        ? graph.add(
          DropoutInTraining(rate: 0, unit: .element, stream: 2), [dense, key], name: "drop")
        : dense
      let sum = graph.add(Add(), [kept, x], name: "sum")
      let scale = weight("scale", [6])
      let normal = graph.add(
        LayerNormalization(), [sum, scale, weight("shift", [6])], name: "norm")
      let wide = graph.add(Gelu(), [linear(normal, "wide")], name: "gelu")
      let rest = graph.add(Add(), [linear(wide, "narrow"), normal], name: "rest")
      let chosen = graph.add(
        Gather(axis: 1), [rest, graph.addConstant("place", place)], name: "chosen")
      graph.outputs = [graph.add(Tanh(), [chosen], name: "y")]
      inputs = ["x": numbers([2, 5, 6], seed: 3), "mask": numbers(mask, seed: 4)]
      try graph.inferTypes()
      (self.graph, self.normal) = (graph, normal)
    }

    /// Rows that products and attention have in the rewritten graph, which computes the same.
    func rows(_ sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Int] {
      var early = graph
      try early.rewrite(with: [SelectEarly()])
      let expected = try GraphEvaluator(graph).evaluate(inputs)
      let found = try GraphEvaluator(early).evaluate(inputs)
      for (a, b) in zip(found, expected) {
        expectClose(a, b, relative: 1e-6, absolute: 1e-6, sourceLocation: sourceLocation)
      }
      var rows: [String: Int] = [:]
      for node in early.nodes where node.outputs[0].flatMap({ early[$0].type.rank }) == 3 {
        rows[node.name] = node.outputs[0].flatMap { early[$0].type.shape?[1] }
      }
      return rows
    }
  }

  @Test(arguments: [Tensor(scalar: 0), Tensor(scalar: -1), Tensor([2] as [Int])])
  func computesOnePlaceOfTheLastLayer(place: Tensor) throws {
    let rows = try Layer(place: place).rows()
    for name in ["q", "attention", "dense", "sum", "norm", "wide", "gelu", "narrow", "rest"] {
      #expect(rows[name] == 1, "\(name)")
    }
    #expect(rows["k"] == 5 && rows["v"] == 5)
  }

  @Test func goesThroughWhatDrops() throws {
    let rows = try Layer(place: Tensor(scalar: 0), drops: true).rows()
    for name in ["q", "attention", "dense", "drop", "sum", "narrow"] {
      #expect(rows[name] == 1, "\(name)")
    }
    #expect(rows["k"] == 5)
  }

  @Test func leavesWhatOthersNeed() throws {
    var layer = try Layer(place: Tensor(scalar: 0))
    layer.graph.outputs.append(layer.normal)
    let rows = try layer.rows()
    #expect(rows["q"] == 5 && rows["norm"] == 5)
    #expect(rows["wide"] == 1 && rows["narrow"] == 1)
  }

  @Test func leavesQueriesThatDiffer() throws {
    #expect(try Layer(place: Tensor(scalar: 0), isCausal: true).rows()["q"] == 5)
    #expect(try Layer(place: Tensor(scalar: 0), mask: [2, 1, 5, 5]).rows()["q"] == 5)
  }

  @Test func leavesSeveralPlaces() throws {
    #expect(try Layer(place: Tensor([0, 1] as [Int])).rows()["narrow"] == 5)
  }
}
