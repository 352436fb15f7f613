import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

/// Turns a graph with its weights into a program for inputs of given types.
struct Compiler: Sendable {
  /// With its weights bound, and without what no output needs.
  let graph: Graph
  let pool: ThreadPool
  let weights: WeightCache
  let options: SessionOptions
  /// Places among the graph's inputs and outputs of what a state holds.
  var states: [(input: Int, output: Int)] = []
  /// Places among the graph's outputs of those that the caller has memory for.
  var placed: [Int] = []
  /// The place among the graph's inputs of what every gradient is made of.
  var flow: Int?
  /// How parts were computed twice for other types.
  var foundWay = FoundWay()

  func compile(for types: [TensorType]) throws -> Program {
    let limit = options.maximumBytes ?? MemoryLimit.standard
    var graph = try graph.specialised(to: types, maximumBytes: limit)
    if !options.isPlain, graph.mayFuse {
      // Heads and other sizes that a graph leaves open are known only now.
      var fused = graph
      if (try? fused.rewrite(with: Graph.fusionsOfKnownShapes)) != nil { graph = fused }
    }
    guard options.recomputes, let flow,
      let forward = ForwardPart(graph, flow: graph.inputs[flow])
    else { return try lowered(graph).program }
    return try leastMemory(graph, forward).program
  }

  /// The graph's steps, and where their values lie.
  ///
  /// - Parameter consumers: who takes each value, where it is not the graph that says it.
  func lowered(_ graph: Graph, consumers: [[Int]]? = nil) throws -> LoweredGraph {
    let limit = options.maximumBytes ?? MemoryLimit.standard
    let kept = Set(states.map(\.output) + placed)
    let given = graph.outputs.indices.filter { !kept.contains($0) }
    let builder = ProgramBuilder(
      graph: graph, pool: pool, weights: weights, winograd: options.winograd,
      products: options.products, states: states.map(\.input), placed: placed, given: given,
      consumers: consumers)
    try builder.lowerAll(plain: options.isPlain)
    let outputs = try given.map { graph.outputs[$0] }.map {
      (name: graph[$0].name, argument: try builder.output($0))
    }
    try builder.fillPlaced(placed)
    for state in states {
      try builder.update(state: state.input, with: graph.outputs[state.output])
    }
    var (named, counts) = (builder.steps, builder.bufferCounts)
    let separate = named
    if !options.isPlain {
      let chains = RowChains(named, counts: counts, threads: pool.threads, maximumBytes: limit)
      (named, counts) = try chains.grouped()
    }
    let steps = named.map(\.step)
    let plan = try BufferPlan(
      counts: counts, steps: steps, beside: builder.outputPlan.count, maximumBytes: limit)
    let releases = Compiler.releases(steps, kept: outputs.map(\.argument), slots: builder.slotCount)
    let entries = zip(named, releases).map {
      Program.Entry(name: $0.name, step: $0.step, releases: $1)
    }
    return LoweredGraph(
      entries: entries, plan: plan, slotCount: builder.slotCount,
      outputPlan: builder.outputPlan, outputs: outputs, steps: separate)
  }

  /// For each step, the slots that neither a later one nor an output needs.
  private static func releases(_ steps: [any Step], kept: [Argument], slots: Int) -> [[Int]] {
    var last = [Int](repeating: -1, count: slots)
    for (index, step) in steps.enumerated() {
      for slot in step.gives { last[slot] = index }
      for case .slot(let slot) in step.takes { last[slot] = index }
    }
    for case .slot(let slot) in kept { last[slot] = -1 }
    var releases = [[Int]](repeating: [], count: steps.count)
    for (slot, index) in last.enumerated() where index >= 0 { releases[index].append(slot) }
    return releases
  }
}

/// A program's parts.
struct LoweredGraph {
  let entries: [Program.Entry]
  let plan: BufferPlan
  let slotCount: Int
  let outputPlan: OutputPlan
  let outputs: [(name: String, argument: Argument)]
  /// The nodes' steps, one by one.
  let steps: [(name: String, step: any Step)]
  var memory: ProgramMemory

  init(
    entries: [Program.Entry], plan: BufferPlan, slotCount: Int, outputPlan: OutputPlan,
    outputs: [(name: String, argument: Argument)], steps: [(name: String, step: any Step)]
  ) {
    self.entries = entries
    self.plan = plan
    self.slotCount = slotCount
    self.outputPlan = outputPlan
    self.outputs = outputs
    self.steps = steps
    memory = ProgramMemory(bytes: plan.count * 4)
  }

  /// What the steps of each node have to do.
  var works: [String: Int] {
    Dictionary(steps.map { ($0.name, $0.step.work) }, uniquingKeysWith: +)
  }

  /// What all steps have to do.
  var work: Int { steps.reduce(0) { $0 + $1.step.work } }

  var program: Program {
    Program(
      entries: entries, plan: plan, slotCount: slotCount, outputPlan: outputPlan,
      outputs: outputs, memory: memory)
  }
}

extension Graph {
  /// Whether something may be spelt out that has an operator of its own, or a past be given from outside.
  fileprivate var mayFuse: Bool {
    nodes.contains { node in
      switch node.operator {
      case is Softmax, is Sqrt, is Tanh, is Erf: true
      case is Attention: node.inputs.count > 5 && node.inputs[4] != nil
      default: false
      }
    }
  }
}
