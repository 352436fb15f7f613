import BinaryIO
import Formats
import JSON
import ModelGraph
import NumPyConverter
import ONNXConverter
import Operators
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// The ONNX standard's own cases for the operators of convolutional networks.
@Suite struct NodeCaseTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var relative: Double
    var absolute: Double
    var testDescription: String { name }
  }

  /// Cases that ask for training, which an inference graph does not do.
  private static func isTraining(_ name: String) -> Bool {
    name.hasPrefix("training_") || name.hasSuffix("_training_mode")
  }

  static let all: [Case] = {
    guard let bytes = try? Fixtures.bytes("onnx-node/cases.json"),
      let operators = try? JSONValue(parsing: bytes).object
    else { return [] }
    return operators.values.flatMap { cases in
      (cases.object ?? [:]).map { name, tolerance in
        Case(
          name: name, relative: tolerance["rtol"]?.double ?? 0,
          absolute: tolerance["atol"]?.double ?? 0)
      }
    }
  }()

  @Test func thereAreCases() {
    #expect(NodeCaseTests.all.count > 600)
  }

  @Test(arguments: all.filter { !isTraining($0.name) })
  func agreesWithTheStandard(_ given: Case) throws {
    let checkpoint = try ONNXFormat().read(Fixtures.path("onnx-node/\(given.name).onnx"))
    if let error = checkpoint.graphError { throw error }
    var graph = try #require(checkpoint.graph)
    var inputs: [String: Tensor] = [:]
    var outputs: [String: Tensor] = [:]
    for entry in try NPZ.read(Fixtures.path("onnx-node/\(given.name).npz")) {
      let parts = entry.name.split(separator: ":", maxSplits: 1)
      if parts[0] == "input" {
        inputs[String(parts[1])] = try entry.load()
      } else {
        outputs[String(parts[1])] = try entry.load()
      }
    }
    var weights: [String: Tensor] = [:]
    for entry in checkpoint.tensors { weights[entry.name] = try entry.load() }
    let results = try GraphEvaluator(graph, parameters: weights).evaluate(inputs)
    for (id, result) in zip(graph.outputs, results) {
      let name = graph[id].name
      expectClose(
        result, try #require(outputs[name]), relative: given.relative,
        absolute: given.absolute, "\(given.name): \(name)")
    }
    // What was foretold is what came.
    try graph.inferTypes()
    for (id, result) in zip(graph.outputs, results) {
      if let shape = graph[id].type.shape { #expect(shape == result.shape) }
      if let type = graph[id].type.dataType { #expect(type == result.dataType) }
    }
  }
}
