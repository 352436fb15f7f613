import BinaryIO
import ModelGraph
import Operators
import Tensors
import Testing

@Suite struct PatchTests {
  /// x → relu → tanh, both of which are outputs' makers.
  private func chain() -> (Graph, x: ValueID, relu: ValueID, tanh: ValueID) {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2]))
    let relu = graph.add(Relu(), [x], name: "relu")
    let tanh = graph.add(Tanh(), [relu], name: "tanh")
    graph.outputs = [tanh]
    return (graph, x, relu, tanh)
  }

  @Test func replacesNodesWhereTheyWere() throws {
    var (graph, x, relu, _) = chain()
    var patch = GraphPatch(for: graph)
    let between = patch.addValue("between")
    patch.replace(
      0,
      with: [
        Node(name: "neg", Neg(), inputs: [x], outputs: [between]),
        Node(name: "abs", Abs(), inputs: [between], outputs: [relu]),
      ])
    graph.apply(patch)
    try graph.verify()
    #expect(graph.nodes.map(\.name) == ["neg", "abs", "tanh"])
    #expect(graph[between].name == "between")
  }

  @Test func followsRedirectionsOfRedirections() throws {
    var (graph, x, relu, tanh) = chain()
    var patch = GraphPatch(for: graph)
    patch.remove(0)
    patch.remove(1)
    patch.redirect(tanh, to: relu)
    patch.redirect(relu, to: x)
    graph.apply(patch)
    try graph.verify()
    #expect(graph.outputs == [x])
    #expect(graph.nodes.isEmpty)
  }

  @Test func settledValuesAreConstants() throws {
    var (graph, _, relu, _) = chain()
    var patch = GraphPatch(for: graph)
    patch.remove(0)
    patch.settle(relu, Tensor([1, 2] as [Float]))
    graph.apply(patch)
    try graph.verify()
    #expect(graph[relu].type == TensorType(.float32, [2]))
    #expect(graph.known(relu)?.floats == [1, 2])
  }

  @Test func bypassingKeepsTheOutputsName() throws {
    var (graph, _, relu, tanh) = chain()
    var patch = GraphPatch(for: graph)
    let done = patch.bypass(1, taking: relu, in: graph, GraphUses(graph))
    #expect(done)
    graph.apply(patch)
    try graph.verify()
    #expect(graph.outputs == [tanh])
    #expect(graph.nodes.map(\.name) == ["relu"])
  }

  @Test func usesCountEachTime() {
    var (graph, x, relu, tanh) = chain()
    graph.outputs.append(graph.add(Mul(), [relu, relu], name: "square"))
    let uses = GraphUses(graph)
    #expect(uses.consumers(of: relu) == [1, 2, 2])
    #expect(uses.producer(of: relu) == 0)
    #expect(uses.producer(of: x) == nil)
    #expect(uses.isTakenOnce(x))
    #expect(!uses.isTakenOnce(relu))
    #expect(!uses.isTakenOnce(tanh))
  }

  @Test func deadNodesGo() throws {
    var (graph, x, _, _) = chain()
    graph.add(Exp(), [x], name: "dead")
    let rewrites = try graph.rewrite(with: [RemoveDeadNodes()])
    #expect(graph.nodes.map(\.name) == ["relu", "tanh"])
    #expect(rewrites == [Rewrite(pass: "RemoveDeadNodes", removed: ["dead"], into: "")])
  }

  @Test func knownTensorsHaveTheValuesType() {
    var graph = Graph()
    let id = graph.addConstant("half", Tensor([Float16(0.5)]))
    graph[id].type.dataType = .float32
    #expect(graph.known(id)?.dataType == .float32)
    #expect(graph.known(nil) == nil)
  }
}
