import BinaryIO
import Formats
import ModelGraph
import NumPyConverter
import ONNXConverter
import Tensors
import TestSupport
import Testing

/// Reads a model that a test made.
func read(_ model: TestModel) throws -> Checkpoint {
  let scratch = ScratchDirectory()
  return try ONNXFormat().read(scratch.write("model.onnx", model.bytes))
}

/// Computes a graph node by node, each operator in its plain way.
func evaluate(_ checkpoint: Checkpoint, _ inputs: [Tensor]) throws -> [Tensor] {
  guard let graph = checkpoint.graph else {
    throw checkpoint.graphError ?? DataError(.malformed, "no graph")
  }
  var known = graph.constants
  for (id, tensor) in zip(graph.inputs, inputs) { known[id] = tensor }
  for id in graph.parameters {
    known[id] = try checkpoint.tensors.first { $0.name == graph[id].name }?.load()
  }
  for node in graph.nodes {
    let results = try naming("node '\(node.name)' (\(node.operator.name))") {
      try node.operator.evaluate(node.inputs.map { $0.flatMap { known[$0] } })
    }
    for (id, result) in zip(node.outputs, results) { if let id { known[id] = result } }
  }
  return graph.outputs.compactMap { known[$0] }
}

/// The arrays of an `.npz` file whose names begin with `prefix`, without it.
func arrays(_ path: String, _ prefix: String) throws -> [String: Tensor] {
  var result: [String: Tensor] = [:]
  for entry in try NPZFormat().read(path).tensors where entry.name.hasPrefix(prefix) {
    result[String(entry.name.dropFirst(prefix.count))] = try entry.load()
  }
  return result
}

/// Computes a graph on the inputs of an `.npz` file and compares with the outputs there.
func expectAgreement(
  _ checkpoint: Checkpoint, with answers: String, relative: Double = 1e-3, absolute: Double = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let graph = try #require(
    checkpoint.graph, "\(checkpoint.graphError.map(String.init(describing:)) ?? "")")
  let (given, wanted) = (try arrays(answers, "input:"), try arrays(answers, "output:"))
  let inputs = try graph.inputs.map { id in
    try #require(given[graph[id].name], sourceLocation: sourceLocation)
  }
  let results = try evaluate(checkpoint, inputs)
  for (id, result) in zip(graph.outputs, results) {
    let name = graph[id].name
    let expected = try #require(wanted[name], sourceLocation: sourceLocation)
    #expect(result.shape == expected.shape, "\(name)", sourceLocation: sourceLocation)
    #expect(result.dataType == expected.dataType, "\(name)", sourceLocation: sourceLocation)
    guard result.shape == expected.shape else { continue }
    let bad = zip(result.doubles, expected.doubles).filter { a, b in
      !(a == b || a.isNaN && b.isNaN || abs(a - b) <= relative * abs(b) + absolute)
    }
    #expect(
      bad.isEmpty, "\(name): \(bad.count) differ, first \(bad.first.map { "\($0)" } ?? "")",
      sourceLocation: sourceLocation)
  }
}
