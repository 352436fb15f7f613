import BinaryIO
import ModelGraph
import Tensors
import Testing

@testable import Execution

/// Adds its inputs, which are alike.
private struct Plus: Operator {
  static let name = "Plus"

  func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] { [inputs[0]] }

  func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (a, b) = (inputs[0]!, inputs[1]!)
    return [Tensor(shape: a.shape, zip(a.floats, b.floats).map { $0 + $1 })]
  }
}

private struct ShapeStandIn: Operator {
  static let name = "Shape"

  func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] { [TensorType(.int64)] }

  func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { [Tensor(inputs[0]!.shape.dimensions)] }
}

@Suite struct SessionTests {
  private func sums(_ type: TensorType) -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", type)
    let w = graph.addParameter("w", TensorType(.float32, [2]))
    let once = graph.add(Plus(), [x, w], name: "once")
    graph.outputs = [graph.add(Plus(), [once, w], name: "twice")]
    return graph
  }

  private func session(_ type: TensorType = TensorType(.float32, [2])) throws -> Session {
    try Session(graph: sums(type), weights: { _ in Tensor([Float(10), 20]) })
  }

  private func message(_ body: () throws -> Void) -> (code: DataError.Code, text: String)? {
    do {
      try body()
      return nil
    } catch let error as DataError { return (error.code, error.description) } catch { return nil }
  }

  @Test func evaluatesAWholeGraph() throws {
    let outputs = try session().run(["x": Tensor([Float(1), 2])])
    #expect(outputs.names == ["twice"])
    #expect(outputs["twice"]?.floats == [21, 42])
    #expect(outputs["once"] == nil)
  }

  @Test func saysWhichInputIsExpected() throws {
    let session = try session()
    let missing = message { _ = try session.run([:]) }
    #expect(missing?.code == .mismatch)
    #expect(missing?.text == "input 'x': it is not given; expected float32 [2]")
    let unknown = message {
      _ = try session.run(["x": Tensor([Float(1), 2]), "y": Tensor([Float(1)])])
    }
    #expect(unknown?.text == "input 'y': the model has no such input; expected 'x'")
    let shape = message { _ = try session.run(["x": Tensor([Float(1)])]) }
    #expect(shape?.text == "input 'x': float32 [1]; expected float32 [2]")
    let type = message { _ = try session.run(["x": Tensor([1, 2])]) }
    #expect(type?.text == "input 'x': int64 [2]; expected float32 [2]")
  }

  @Test func refusesOneSymbolWithTwoExtents() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, ["batch"]))
    let y = graph.addInput("y", TensorType(.float32, ["batch"]))
    graph.outputs = [graph.add(Plus(), [x, y], name: "sum")]
    let session = try Session(graph: graph, weights: { _ in Tensor([Float(0)]) })
    let error = message {
      _ = try session.run(["x": Tensor([Float(1)]), "y": Tensor([Float(1), 2])])
    }
    #expect(
      error?.text
        == "input 'y': float32 [2]; expected float32 [batch], where 'batch' is 1 as in input 'x'")
  }

  @Test func refusesWeightsOfAnotherShape() throws {
    let error = message {
      _ = try Session(
        graph: sums(TensorType(.float32, [2])), weights: { _ in Tensor([Float(1)]) })
    }
    #expect(error?.code == .mismatch)
    #expect(error?.text == "weight 'w': float32 [1]; expected float32 [2]")
  }

  @Test func widensHalfPrecisionWeights() throws {
    let half = Tensor([Float(10), 20]).cast(to: .float16)
    let session = try Session(graph: sums(TensorType(.float32, [2])), weights: { _ in half })
    #expect(try session.run(["x": Tensor([Float(1), 2])])["twice"]?.floats == [21, 42])
  }

  @Test func namesAllUnknownOperatorsAtOnce() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2]))
    func opaque(_ type: String, _ domain: String, _ reason: String) -> OpaqueOperator {
      OpaqueOperator(type: type, domain: domain, reason: reason, outputCount: 1)
    }
    let a = graph.add(opaque("Foo", "", "no such operator"), [x], name: "a")
    let b = graph.add(opaque("Bar", "com.example", ""), [a], name: "b")
    graph.outputs = [graph.add(opaque("Foo", "", "no such operator"), [b], name: "c")]
    _ = graph.add(opaque("Unused", "", ""), [b], name: "d")
    let error = message { _ = try Session(graph: graph, weights: { _ in Tensor([Float(0)]) }) }
    #expect(error?.code == .unsupported)
    #expect(
      error?.text
        == "operators that cannot be run: 2 × Foo (no such operator), 1 × com.example.Bar")
  }

  @Test func compilesShapesAway() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, ["batch", 3]))
    graph.outputs = [graph.add(ShapeStandIn(), [x], name: "shape")]
    let session = try Session(graph: graph, weights: { _ in Tensor([Float(0)]) })
    for batch in [1, 4] {
      let (outputs, steps) = try session.profile(["x": Tensor(zeros: [batch, 3])])
      #expect(outputs["shape"]?.integers == [batch, 3])
      #expect(steps.isEmpty)
    }
  }

  @Test func passesInputsAndConstantsThrough() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.int64, ["n"]))
    graph.outputs = [x, graph.addConstant("c", Tensor([true, false]))]
    let outputs = try Session(graph: graph, weights: { _ in Tensor([Float(0)]) })
      .run(["x": Tensor([1, 2, 3])])
    #expect(outputs["x"]?.integers == [1, 2, 3])
    #expect(outputs["c"]?.values(as: Bool.self) == [true, false])
  }

  @Test func refusesValuesThatNoMachineHolds() throws {
    let session = try Session(
      graph: sums(TensorType(.float32, ["n"])), weights: { _ in Tensor([Float(1), 2]) },
      options: SessionOptions(maximumBytes: 1000))
    let error = message { _ = try session.run(["x": Tensor(zeros: [251])]) }
    #expect(error?.code == .limitExceeded)
  }

  @Test func survivesDeepGraphs() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1]))
    let one = graph.addConstant("one", Tensor([Float(1)]))
    var last = x
    for i in 0..<20_000 { last = graph.add(Plus(), [last, one], name: "n\(i)") }
    graph.outputs = [last]
    let session = try Session(graph: graph, weights: { _ in Tensor([Float(0)]) })
    #expect(try session.run(["x": Tensor([Float(0)])])["n19999"]?.floats == [20_000])
  }
}
