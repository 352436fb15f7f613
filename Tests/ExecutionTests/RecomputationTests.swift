import Kernels
import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

/// Something else each time, by its name.
private struct Chance: Operator {
  static let name = "RandomNormalLike"

  func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] { [inputs[0]] }

  func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { inputs.compactMap { $0 } }
}

/// Every way to compute parts of a learning graph twice gives the bits of the graph as it is.
@Suite struct RecomputationWayTests {
  private static let (width, rows) = (16, 96)

  /// Blocks of gated products with a way around each, their loss, and its gradients by all weights.
  private static func learningGraph(blocks: Int) throws -> (graph: Graph, flow: ValueID) {
    var graph = Graph(name: "learning")
    var weights: [ValueID] = []
    func weight(_ name: String, _ shape: Shape) -> ValueID {
      weights.append(graph.addInput(name, TensorType(.float32, shape: shape)))
      return weights[weights.count - 1]
    }
    func linear(_ x: ValueID, _ name: String, _ outputs: Int, _ inputs: Int) -> ValueID {
      let inputs = [x, weight("\(name).w", [outputs, inputs]), weight("\(name).b", [outputs])]
      return graph.add(Linear(), inputs, name: name)
    }
    var y = graph.addInput("x", TensorType(.float32, shape: [rows, width]))
    for block in 0..<blocks {
      let scale = weight("\(block).norm", [width])
      let x = graph.add(RMSNormalization(), [y, scale], name: "\(block).normal")
      let gate = graph.add(
        Swish(), [linear(x, "\(block).gate", 2 * width, width)], name: "\(block).open")
      let up = linear(x, "\(block).up", 2 * width, width)
      let both = graph.add(Mul(), [gate, up], name: "\(block).both")
      let down = linear(both, "\(block).down", width, 2 * width)
      let side = linear(x, "\(block).side", width, width)
      y = graph.add(
        Add(), [y, graph.add(Add(), [down, side], name: "\(block).sum")], name: "\(block).end")
    }
    let loss = graph.add(
      ReduceSum(keepDimensions: false), [graph.add(Mul(), [y, y], name: "square")], name: "loss")
    let flow = graph.addInput("flow", TensorType(.float32, []))
    try graph.inferTypes()
    let gradients = try graph.addGradients(of: loss, by: weights, times: flow)
    graph.outputs = [loss] + gradients
    return (graph, flow)
  }

  private static func results(
    _ graph: Graph, consumers: [[Int]]? = nil
  ) throws -> (bits: [[UInt32]], bytes: Int) {
    let options = SessionOptions(threads: 2)
    let compiler = Compiler(
      graph: graph, pool: ThreadPool(threads: 2), weights: WeightCache(lasting: []),
      options: options)
    let lowered = try compiler.lowered(graph, consumers: consumers)
    let inputs = graph.inputs.map { id -> Tensor in
      let shape = graph[id].type.shape ?? []
      let values = (0..<shape.elementCount).map { index in
        Float((index * 7919 + id.index * 31) % 1009) / 2018 - 0.25
      }
      return Tensor(shape: shape, values)
    }
    let found = try lowered.program.run(inputs, pool: compiler.pool)
    let bits = graph.outputs.indices.map { found[$0].tensor.floats.map(\.bitPattern) }
    return (bits, lowered.memory.bytes)
  }

  @Test func everyWayGivesTheSameBits() throws {
    let (graph, flow) = try Self.learningGraph(blocks: 6)
    let (expected, whole) = try Self.results(graph)
    #expect(expected.contains { $0.contains { Float(bitPattern: $0) != 0 } })
    let forward = try #require(ForwardPart(graph, flow: flow))
    let works = graph.nodes.map { node in
      node.operator is Linear ? 1000 : 1
    }
    let ways = forward.waysToCut
    #expect(ways.count > 3)
    var least = whole
    var seen: Set<Int> = []
    for cuts in ways {
      for density in [.infinity, 4, 1, 0.1, 0] {
        let worth =
          density == .infinity
          ? [] : forward.worthKeeping(between: cuts, works: works, density: density)
        let way = forward.computedAgain(between: cuts, keeping: worth)
        try way.graph.verify()
        let found = try Self.results(way.graph, consumers: way.consumers)
        #expect(found.bits == expected, "\(cuts.map(\.index)), \(worth.count) values more")
        least = min(least, found.bytes)
        seen.insert(way.copies)
      }
    }
    #expect(least < whole / 2, "\(least) of \(whole)")
    #expect(seen.count > 5)
  }

  /// Blocks' ends are the places where least flows.
  @Test func cutsAreAtTheBoundsOfBlocks() throws {
    let (graph, flow) = try Self.learningGraph(blocks: 5)
    let forward = try #require(ForwardPart(graph, flow: flow))
    let ends = Set((0..<4).map { "\($0).end" })
    let names = forward.narrowPlaces.map { $0.values.map { graph[$0].name } }
    #expect(ends.isSubset(of: Set(names.filter { $0.count == 1 }.flatMap { $0 })))
    // Just behind a way around, nothing is narrow
    #expect(forward.narrowPlaces.allSatisfy { $0.bytes <= 2 * 4 * Self.width * Self.rows })
    #expect(!names.contains { $0.contains("1.normal") && $0.contains("0.end") })
  }

  @Test func whatIsDrawnByChanceIsDrawnOnce() throws {
    var graph = Graph(name: "chance")
    let wide = graph.addInput("wide", TensorType(.float32, shape: [32, 8]))
    let narrow = graph.addInput("narrow", TensorType(.float32, shape: [8, 32]))
    let like = graph.addInput("like", TensorType(.float32, shape: [64, 32]))
    var y = graph.addInput("x", TensorType(.float32, shape: [64, 8]))
    for layer in 0..<6 {
      var z = graph.add(Linear(), [y, wide], name: "wide\(layer)")
      z = graph.add(Tanh(), [z], name: "tanh\(layer)")
      if layer == 2 {
        let noise = graph.add(Chance(), [like], name: "noise")
        z = graph.add(Mul(), [z, noise], name: "noisy")
      }
      y = graph.add(Linear(), [z, narrow], name: "narrow\(layer)")
    }
    let loss = graph.add(ReduceSum(keepDimensions: false), [y], name: "loss")
    let flow = graph.addInput("flow", TensorType(.float32, []))
    try graph.inferTypes()
    let gradients = try graph.addGradients(of: loss, by: [wide, narrow], times: flow)
    graph.outputs = [loss] + gradients
    let forward = try #require(ForwardPart(graph, flow: flow))
    var copies: [Int] = []
    for cuts in forward.waysToCut {
      let way = forward.computedAgain(between: cuts)
      #expect(way.graph.nodes.filter { $0.operator is Chance }.count == 1)
      copies.append(way.copies)
    }
    #expect(copies.contains { $0 > 0 }, "\(copies)")
  }
}
