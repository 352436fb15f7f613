import BinaryIO
import Formats
import ModelGraph
import ONNXConverter
import Tensors
import TestSupport

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
