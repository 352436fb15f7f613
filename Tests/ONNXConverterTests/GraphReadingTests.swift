import BinaryIO
import Formats
import ModelGraph
import ONNXConverter
import Operators
import Tensors
import Testing

@Suite struct GraphReadingTests {
  @Test func readsWeightsAndGraph() throws {
    let checkpoint = try read(.linear)
    #expect(checkpoint.tensors.map(\.name) == ["fc.weight", "fc.bias"])
    let graph = try #require(checkpoint.graph)
    #expect(graph.parameters.map { graph[$0].name } == ["fc.weight", "fc.bias"])
    #expect(graph[graph.inputs[0]].type == TensorType(.float32, ["batch", 2]))
    #expect(graph[graph.outputs[0]].type.dimensions == ["batch", 3])
    #expect((graph.nodes[0].operator as? Gemm)?.transposeB == true)
    #expect(checkpoint.graphSummary?.operators == ["Gemm": 1, "Relu": 1])
  }

  @Test func takesInitializersForInputsInOldFiles() throws {
    var model = TestModel.linear
    model.irVersion = 3
    model.inputs += [TestModel.value("fc.weight", [3, 2]), TestModel.value("fc.bias", [3])]
    let graph = try #require(read(model).graph)
    #expect(graph.inputs.map { graph[$0].name } == ["x"])
  }

  @Test func putsNodesInOrder() throws {
    var model = TestModel.linear
    model.nodes.reverse()
    let graph = try #require(read(model).graph)
    #expect(graph.nodes.map(\.operator.name) == ["Gemm", "Relu"])
  }

  @Test func takesConstantsForWeights() throws {
    var model = TestModel.linear
    let weight = model.initializers.removeFirst()
    model.nodes.insert(
      TestModel.node("Constant", [], ["w"], [TestModel.attribute("value", tensor: weight)]), at: 0)
    model.nodes[1] = TestModel.node(
      "Gemm", ["x", "w", "fc.bias"], ["h"], [TestModel.attribute("transB", integer: 1)])
    let checkpoint = try read(model)
    #expect(checkpoint.tensors.map(\.name) == ["fc.bias", "w"])
    #expect(checkpoint.graph?.parameters.count == 2)
    #expect(checkpoint.graphSummary?.operators["Constant"] == 1)
  }

  @Test func keepsWhatItDoesNotKnow() throws {
    var model = TestModel.linear
    model.nodes[1] = TestModel.node(
      "Frobnicate", ["h"], ["y"], [TestModel.attribute("k", integer: 3)])
    let graph = try #require(read(model).graph)
    let opaque = try #require(graph.nodes[1].operator as? OpaqueOperator)
    #expect(opaque.type == "Frobnicate")
    let error = #expect(throws: DataError.self) { try opaque.evaluate([nil]) }
    #expect(error?.code == .unsupported)
  }

  @Test func doesNotGuessAtUnknownAttributes() throws {
    var model = TestModel.linear
    model.nodes[1] = TestModel.node("Relu", ["h"], ["y"], [TestModel.attribute("slope", number: 3)])
    let graph = try #require(read(model).graph)
    let opaque = try #require(graph.nodes[1].operator as? OpaqueOperator)
    #expect(opaque.reason.contains("slope"))
  }

  @Test func knowsWhatSubgraphsUse() throws {
    var model = TestModel.linear
    let body =
      Proto.bytes(1, TestModel.node("Abs", ["h"], ["r"])) + Proto.bytes(12, Proto.text(1, "r"))
    model.inputs.append(TestModel.value("c", [], type: 9))
    // the If stands before what its branch uses
    model.nodes = [
      TestModel.node("If", ["c"], ["y"], [TestModel.attribute("then_branch", graph: body)]),
      model.nodes[0],
    ]
    let graph = try #require(read(model).graph)
    #expect(graph.nodes.map(\.operator.name) == ["Gemm", "If"])
    #expect(graph.nodes[1].inputs.count == 2)
  }

  @Test func expandsFunctions() throws {
    var model = TestModel.linear
    let body = [
      TestModel.node("Mul", ["a", "a"], ["t"]), TestModel.node("Add", ["t", "a"], ["b"]),
    ]
    let function =
      Proto.text(1, "Twice") + Proto.text(4, "a") + Proto.text(5, "b")
      + body.flatMap { Proto.bytes(7, $0) }
      + Proto.bytes(9, Proto.number(2, 17)) + Proto.text(10, "own")
    model.opsets.append(("own", 1))
    model.extra = Proto.bytes(25, function)
    model.nodes = [TestModel.node("Twice", ["x"], ["y"], domain: "own")]
    model.outputs = [TestModel.value("y", ["batch", 2])]
    let checkpoint = try read(model)
    #expect(checkpoint.graph?.nodes.map(\.operator.name) == ["Mul", "Add"])
    let y = try evaluate(checkpoint, [Tensor(shape: [1, 2], [3, -4] as [Float])])
    #expect(y[0].floats == [12, 12])
  }

  struct Wrong: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let words: String
    var code = DataError.Code.malformed
    let change: @Sendable (inout TestModel) -> Void
  }

  static let wrong = [
    Wrong(testDescription: "cycle", words: "cycle") {
      $0.nodes[0] = TestModel.node("Gemm", ["y", "fc.weight", "fc.bias"], ["h"])
    },
    Wrong(testDescription: "undefined input", words: "'ghost'") {
      $0.nodes[1] = TestModel.node("Relu", ["ghost"], ["y"])
    },
    Wrong(testDescription: "missing initializer", words: "'fc.weight'") {
      $0.initializers.removeFirst()
    },
    Wrong(testDescription: "output twice", words: "defined twice") {
      $0.nodes[1] = TestModel.node("Relu", ["h"], ["h"])
    },
    Wrong(testDescription: "output undefined", words: "'ghost'") {
      $0.outputs = [TestModel.value("ghost", [1])]
    },
    Wrong(testDescription: "newer opset", words: "9999", code: .unsupported) {
      $0.opsets = [("", 9999)]
    },
    Wrong(testDescription: "recursive function", words: "calls itself") {
      let body = TestModel.node("Again", ["a"], ["b"], domain: "own")
      $0.opsets.append(("own", 1))
      $0.extra = Proto.bytes(
        25,
        Proto.text(1, "Again") + Proto.text(4, "a") + Proto.text(5, "b") + Proto.bytes(7, body)
          + Proto.text(10, "own"))
      $0.nodes[1] = TestModel.node("Again", ["h"], ["y"], domain: "own")
    },
    Wrong(testDescription: "attribute of the wrong kind", words: "wrong kind") {
      $0.nodes[0] = TestModel.node(
        "Gemm", ["x", "fc.weight", "fc.bias"], ["h"], [TestModel.attribute("alpha", text: "one")])
    },
  ]

  @Test(arguments: wrong)
  func saysWhatIsWrongWithTheGraph(_ wrong: Wrong) throws {
    var model = TestModel.linear
    wrong.change(&model)
    let checkpoint = try read(model)
    #expect(checkpoint.graph == nil)
    let error = try #require(checkpoint.graphError)
    #expect(error.code == wrong.code)
    #expect(error.description.contains(wrong.words), "\(error)")
  }
}
