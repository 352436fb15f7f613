import BinaryIO
import Kernels
import Tensors

/// A graph compiled for one set of input shapes.
final class Program: Sendable {
  /// A step with its name and the slots that nobody needs after it.
  struct Entry: Sendable {
    let name: String
    let step: any Step
    let releases: [Int]
  }

  let entries: [Entry]
  let plan: BufferPlan
  let slotCount: Int
  let outputs: [(name: String, argument: Argument)]
  let memory: ProgramMemory
  /// Memory of the outputs that have none from the caller.
  private let made: [ArenaPool]
  /// For each step, which outputs that the caller has a place for are complete after it.
  private let completions: [[Int]]

  /// Arenas of runs that have ended, for those to come.
  private let arenas: ArenaPool

  init(
    entries: [Entry], plan: BufferPlan, slotCount: Int, outputPlan: OutputPlan,
    outputs: [(name: String, argument: Argument)], memory: ProgramMemory
  ) {
    self.entries = entries
    self.plan = plan
    self.slotCount = slotCount
    arenas = ArenaPool(count: plan.count, keepingAtMost: 4)
    made = outputPlan.made.map { ArenaPool(count: $0, keepingAtMost: 1) }
    self.outputs = outputs
    self.memory = memory
    var last: [Int: Int] = [:]
    for (index, entry) in entries.enumerated() {
      for region in entry.step.writes {
        guard case .output(let output) = region.home, output < outputPlan.callers else { continue }
        last[output] = index
      }
    }
    var completions = [[Int]](repeating: [], count: entries.count)
    for (output, index) in last.sorted(by: { $0.key < $1.key }) {
      completions[index].append(output)
    }
    self.completions = completions
  }

  /// Computes the outputs; `observe` is told after each step how long it took.
  ///
  /// - Parameters:
  ///   - memory: where the outputs go that the caller has a place for.
  ///   - delivered: told after each step which of these are complete with it: none, mostly.
  func run(
    _ inputs: [Tensor], states: [Int: FloatView] = [:], into memory: [FloatView] = [],
    pool: ThreadPool,
    observe: ((Entry, Duration) -> Void)? = nil,
    delivered: (([Int]) throws -> Void)? = nil
  ) throws -> NamedTensors {
    let frame = Frame(
      plan: plan, arena: arenas.lend(), inputs: inputs, states: states,
      outputs: memory + made.map { $0.lend() }, slots: slotCount, pool: pool)
    for (index, entry) in entries.enumerated() {
      let start = observe.map { _ in ContinuousClock.now }
      try naming("node '\(entry.name)' (\(entry.step.kind))") { try entry.step.run(in: frame) }
      if let observe, let start { observe(entry, ContinuousClock.now - start) }
      for slot in entry.releases { frame.empty(slot: slot) }
      try delivered?(completions[index])
    }
    return NamedTensors(outputs.map { ($0.name, frame.tensor($0.argument)) })
  }
}
