import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

@Suite struct ProductPrecisionTests {
  private func rounded(_ tensor: Tensor) -> Tensor {
    tensor.cast(to: .bfloat16).cast(to: .float32)
  }

  private func run(
    _ net: Net, _ products: ProductPrecision, weights: [String: Tensor], inputs: [String: Tensor]
  ) throws -> [Float] {
    let session = try Session(
      graph: net.graph, weights: { try #require(weights[$0]) },
      options: SessionOptions(threads: 2, products: products))
    return try session.run(inputs)[0].tensor.floats
  }

  /// Beside the same products in float32 of operands that were rounded before.
  private func expectRounds(_ net: Net) throws {
    let found = try run(net, .bfloat16, weights: net.weights, inputs: net.inputs)
    let expected = try run(
      net, .float32, weights: net.weights.mapValues { $0.rank > 1 ? rounded($0) : $0 },
      inputs: net.inputs.mapValues(rounded))
    let plain = try run(net, .float32, weights: net.weights, inputs: net.inputs)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(zip(found, plain).contains { abs($0 - $1) > 1e-4 })
  }

  @Test func roundsKnownWeights() throws {
    var net = Net()
    let sum = net.add(Linear(), net.input([9, 70]), net.weight([45, 70]), net.weight([45]))
    net.graph.outputs = [net.add(Gelu(), sum)]
    try expectRounds(net)
  }

  @Test(arguments: [false, true])
  func roundsGivenMatrices(isShared: Bool) throws {
    var net = Net()
    let right = net.input(isShared ? [70, 45] : [3, 70, 45], "y")
    net.graph.outputs = [net.add(MatMul(), net.input([3, 21, 70]), right)]
    try expectRounds(net)
  }
}
