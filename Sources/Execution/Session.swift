import BinaryIO
import Kernels
import ModelGraph
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
  private let programs = Mutex<[(types: [TensorType], program: Program)]>([])

  /// - Parameter weights: the tensor for a parameter's name; what it throws is passed on.
  /// - Throws: `.unsupported` for operators that cannot be run, `.mismatch` for weights that do not fit.
  public init(
    graph: Graph, weights: @Sendable (String) throws -> Tensor,
    options: SessionOptions = SessionOptions()
  ) throws {
    try graph.verify()
    let live = graph.withoutDeadNodes()
    try live.requireKnownOperators()
    let bound = try live.binding(weights)
    compiler = Compiler(
      graph: bound, pool: ThreadPool(threads: max(1, options.threads ?? ThreadPool.defaultThreads)),
      weights: WeightCache(lasting: Set(bound.constants.values.map(\.identity))), options: options)
    inputTypes = InputTypes(live)
    inputs = live.inputs.map { (live[$0].name, live[$0].type) }
    outputs = live.outputs.map { (live[$0].name, live[$0].type) }
  }

  /// Threads that work on a run.
  public var threads: Int { compiler.pool.threads }

  /// Computes all outputs.
  /// - Throws: `.mismatch` for inputs that are missing, unknown or of a wrong type or shape.
  public func run(_ inputs: [String: Tensor]) throws -> NamedTensors {
    let tensors = try inputTypes.inOrder(inputs)
    return try program(for: tensors).run(tensors, pool: compiler.pool)
  }

  /// Compiles for inputs like these, so that the first run is as fast as any.
  public func prepare(for inputs: [String: Tensor]) throws {
    _ = try program(for: inputTypes.inOrder(inputs))
  }

  /// Runs once, and says what each step did and how long it took.
  public func profile(
    _ inputs: [String: Tensor]
  ) throws -> (outputs: NamedTensors, steps: [StepProfile]) {
    let tensors = try inputTypes.inOrder(inputs)
    var steps: [StepProfile] = []
    let outputs = try program(for: tensors).run(tensors, pool: compiler.pool) { entry, duration in
      steps.append(
        StepProfile(
          name: entry.name, kind: entry.step.kind, duration: duration,
          operations: entry.step.operations))
    }
    return (outputs, steps)
  }

  private func program(for tensors: [Tensor]) throws -> Program {
    let types = tensors.map { TensorType($0.dataType, shape: $0.shape) }
    if let found = known(types) { return found }
    let program = try compiler.compile(for: types)
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

/// What a step of a run did.
public struct StepProfile: Sendable {
  /// The node that it comes from.
  public let name: String
  /// What it does, in the standard's operator names: `Conv+Add+Relu`.
  public let kind: String
  public let duration: Duration
  /// Multiplications and additions; 0 where memory is what takes the time.
  public let operations: Int
}
