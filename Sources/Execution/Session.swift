import BinaryIO
import Kernels
import ModelGraph
import Operators
import Synchronization
import Tensors

/// A graph with its weights, ready to run.
///
/// It is compiled for the shapes of the inputs when they first occur; the programs are kept.
/// Runs may go on at the same time; the result of a run does not depend on the number of threads.
public final class Session: Sendable {
  /// Names and types of the inputs, in the graph's order.
  public let inputs: [(name: String, type: TensorType)]
  /// Names and types of the outputs, as far as they are known before the inputs' shapes are.
  public let outputs: [(name: String, type: TensorType)]

  private let compiler: Compiler
  private let inputTypes: InputTypes
  /// For each state, the place of its input, its heads and their size.
  private let states: [(input: Int, heads: Int, size: Int)]
  private let compiled = Atomic<Int>(0)
  private let programs = Mutex<[(types: [TensorType], program: Program)]>([])

  /// - Parameters:
  ///   - weights: the tensor for a parameter's name; what it throws is passed on.
  ///   - state: inputs `[batch, heads, capacity, size]` that a `SessionState` holds, each with the output that is its next
  ///     value. An operator that can (`CachedAttention`) updates them in place.
  ///   - placed: outputs, by their place among the graph's, that each run writes where it is told; floats all.
  ///   - flow: of a graph that learns, the input that every gradient is made of.
  ///   - foundWay: where ways to compute parts twice are kept, for other sessions of the graph too.
  /// - Throws: `.unsupported` for operators that cannot be run, `.mismatch` for weights that do not fit.
  public init(
    graph: Graph, weights: @Sendable (String) throws -> Tensor,
    options: SessionOptions = SessionOptions(), state: [(input: String, output: String)] = [],
    placed: [Int] = [], flow: String? = nil, foundWay: FoundWay = FoundWay()
  ) throws {
    try graph.verify()
    let live = graph.withoutDeadNodes()
    try live.requireKnownOperators()
    var bound = try live.binding(weights)
    if !options.isPlain, bound.mayFuse {
      // What cannot be inferred before the inputs' shapes are known stays as it is.
      var fused = bound
      if (try? fused.rewrite(with: Graph.fusions)) != nil { bound = fused }
    }
    compiler = Compiler(
      graph: bound, pool: ThreadPool(threads: max(1, options.threads ?? ThreadPool.defaultThreads)),
      weights: WeightCache(lasting: Set(bound.constants.values.map(\.identity))), options: options,
      states: try state.map { try live.places(ofState: $0) }, placed: placed,
      flow: flow.flatMap { name in live.inputs.firstIndex { live[$0].name == name } },
      foundWay: foundWay)
    inputTypes = InputTypes(live)
    states = try compiler.states.map { try live.heads(ofState: $0.input) }
    let own = Set(compiler.states.map(\.input))
    let kept = Set(compiler.states.map(\.output) + placed)
    inputs = live.inputs.enumerated().filter { !own.contains($0.offset) }.map {
      (live[$0.element].name, live[$0.element].type)
    }
    outputs = live.outputs.enumerated().filter { !kept.contains($0.offset) }.map {
      (live[$0.element].name, live[$0.element].type)
    }
  }

  /// Threads that work on a run.
  public var threads: Int { compiler.pool.threads }

  /// Computes all outputs.
  ///
  /// - Parameters:
  ///   - memory: where the `placed` outputs go, row-major.
  ///   - delivered: told after each part of the run which of these are complete with it: none, mostly.
  /// - Throws: `.mismatch` for inputs that are missing, unknown or of a wrong type or shape.
  public func run(
    _ inputs: [String: Tensor], into memory: [FloatView] = [],
    delivered: (([Int]) throws -> Void)? = nil
  ) throws -> NamedTensors {
    guard states.isEmpty else {
      throw DataError(.mismatch, "the model keeps a state", expected: "a run with one")
    }
    precondition(
      memory.count == compiler.placed.count,
      "memory for \(memory.count) of \(compiler.placed.count) outputs")
    let tensors = try inputTypes.inOrder(inputs)
    return try program(for: tensors).run(
      tensors, into: memory, pool: compiler.pool, delivered: delivered)
  }

  /// An empty past for `batch` sequences, with room for `capacity` positions.
  /// - Throws: `.limitExceeded` when there is no memory for it.
  public func makeState(batch: Int = 1, capacity: Int = 256) throws -> SessionState {
    try SessionState(
      batch: batch, capacity: max(1, capacity), layout: states.map { ($0.heads, $0.size) })
  }

  /// Computes the outputs but those that are states, and updates the state.
  ///
  /// A program is compiled for each capacity that the state comes to have, and for each shape of the inputs.
  /// - Throws: `.mismatch` for inputs that do not fit, and when a state's capacity is exceeded; the state keeps what it had.
  public func run(_ inputs: [String: Tensor], state: SessionState) throws -> NamedTensors {
    try with(state, inputs) { tensors, views in
      try program(for: tensors).run(tensors, states: views, pool: compiler.pool)
    }
  }

  /// Hands on all inputs in the graph's order, those of the state by their shapes only, and the state's memory.
  private func with<Result>(
    _ state: SessionState, _ inputs: [String: Tensor],
    _ body: ([Tensor], [Int: FloatView]) throws -> Result
  ) throws -> Result {
    guard state.layout.count == states.count,
      zip(states, state.layout).allSatisfy({ $0.heads == $1.heads && $0.size == $1.size })
    else { throw DataError(.mismatch, "the state is another session's") }
    return try state.memory.withLock { memory in
      var given = inputs
      var views: [Int: FloatView] = [:]
      let one = Tensor(zeros: [1]).storage
      for (place, view) in zip(states, memory.views) {
        let shape = Shape([state.batch, place.heads, memory.capacity, place.size])
        given[inputTypes.names[place.input]] = try Tensor(
          viewing: one, dataType: .float32, shape: shape, strides: [0, 0, 0, 0])
        views[place.input] = view
      }
      return try body(try inputTypes.inOrder(given), views)
    }
  }

  /// How many programs were compiled so far.
  package var compilations: Int { compiled.load(ordering: .relaxed) }

  /// Of the programs so far, what that takes which takes most; nil while there is none.
  public var memory: ProgramMemory? {
    programs.withLock { $0.map(\.program.memory).max { $0.bytes < $1.bytes } }
  }

  /// Compiles for inputs like these, so that the first run is as fast as any.
  public func prepare(for inputs: [String: Tensor]) throws {
    _ = try program(for: inputTypes.inOrder(inputs))
  }

  /// Runs once, and says what each step did and how long it took.
  public func profile(
    _ inputs: [String: Tensor], state: SessionState? = nil, into memory: [FloatView] = []
  ) throws -> (outputs: NamedTensors, steps: [StepProfile]) {
    if let state { return try with(state, inputs) { try profile($0, $1, memory) } }
    return try profile(try inputTypes.inOrder(inputs), [:], memory)
  }

  private func profile(
    _ tensors: [Tensor], _ views: [Int: FloatView], _ memory: [FloatView]
  ) throws -> (outputs: NamedTensors, steps: [StepProfile]) {
    var steps: [StepProfile] = []
    let outputs = try program(for: tensors).run(
      tensors, states: views, into: memory, pool: compiler.pool
    ) {
      entry, duration in
      steps.append(
        StepProfile(
          name: entry.name, kind: entry.step.kind, duration: duration,
          operations: entry.step.operations, weightBytes: entry.step.weightBytes,
          isEvaluated: entry.step is EvaluationStep))
    }
    return (outputs, steps)
  }

  /// Measures how fast the threads of the runs read memory that no cache holds: bytes a second.
  public func makeMemoryProbe() -> @Sendable () -> Double {
    let memory = MemoryBandwidth(pool: compiler.pool)
    return { memory.measure() }
  }

  private func program(for tensors: [Tensor]) throws -> Program {
    let types = tensors.map { TensorType($0.dataType, shape: $0.shape) }
    if let found = known(types) { return found }
    let program = try compiler.compile(for: types)
    compiled.wrappingAdd(1, ordering: .relaxed)
    programs.withLock { programs in
      programs.append((types, program))
      if programs.count > max(1, compiler.options.maximumPrograms) { programs.removeFirst() }
    }
    return program
  }

  /// The program for these types, which moves to the end: the first one is the one unused for longest.
  private func known(_ types: [TensorType]) -> Program? {
    programs.withLock { programs in
      guard let index = programs.firstIndex(where: { $0.types == types }) else { return nil }
      let found = programs.remove(at: index)
      programs.append(found)
      return found.program
    }
  }
}

extension Graph {
  /// Whether something may be spelt out that has an operator of its own.
  fileprivate var mayFuse: Bool {
    nodes.contains {
      switch $0.operator {
      case is Softmax, is Erf, is Sigmoid, is Softplus, is HardSigmoid, is MatMul: true
      default: false
      }
    }
  }

  /// Where a state's input and output are.
  fileprivate func places(
    ofState names: (input: String, output: String)
  ) throws -> (input: Int, output: Int) {
    guard let input = inputs.firstIndex(where: { self[$0].name == names.input }) else {
      throw DataError(.mismatch, "the model has no input '\(names.input)' for a state")
    }
    guard let output = outputs.firstIndex(where: { self[$0].name == names.output }) else {
      throw DataError(.mismatch, "the model has no output '\(names.output)' for a state")
    }
    return (input, output)
  }

  /// A state's heads and their size.
  fileprivate func heads(ofState input: Int) throws -> (input: Int, heads: Int, size: Int) {
    let type = self[inputs[input]].type
    guard type.dataType == .float32, let dimensions = type.dimensions, dimensions.count == 4,
      let heads = dimensions[1].value, let size = dimensions[3].value
    else {
      throw DataError(
        .unsupported, "a state of \(type)", expected: "float32 [batch, heads, capacity, size]",
        subject: "input '\(self[inputs[input]].name)'")
    }
    return (input, heads, size)
  }
}

/// What a step of a run did.
public struct StepProfile: Sendable {
  /// The node that it comes from.
  public let name: String
  /// What it does, in the standard's operator names: `Conv+Add+Relu`.
  public let kind: String
  public let duration: Duration
  /// Multiplications and additions; 0 where memory is what takes the time.
  public let operations: Int
  /// Bytes of weights that it reads.
  public let weightBytes: Int
  /// Whether the operator has no faster way here than its own, on whole tensors.
  public let isEvaluated: Bool
}
