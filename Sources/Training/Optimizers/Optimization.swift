import BinaryIO
import Collectives
import Kernels
import OrderedCollections
import Tensors

/// An optimiser at work: its parameters in groups, and what it remembers of them.
public struct Optimization: Sendable {
  public let optimizer: any Optimizer
  public let groups: [ParameterGroup]
  /// A parameter's by its name.
  private var memories: OrderedDictionary<String, Memory> = [:]

  private struct Memory: Sendable {
    var steps = 0
    let slots: [OptimizerSlot]
    let views: [FloatView]
  }

  /// - Parameter groups: in which no parameter occurs twice.
  public init(_ optimizer: any Optimizer, _ groups: [ParameterGroup]) {
    self.optimizer = optimizer
    self.groups = groups
    for parameter in groups.flatMap(\.parameters) {
      precondition(memories[parameter.name] == nil, "'\(parameter.name)' learns twice")
      let slots = optimizer.slots(for: parameter.shape)
      memories[parameter.name] = Memory(
        slots: slots, views: slots.map { FloatView(zeros: $0.shape.elementCount) })
    }
  }

  /// Forgets parameters that others look after: these are neither changed nor remembered any more.
  mutating func keep(_ own: (String) -> Bool) {
    for name in memories.keys where !own(name) { memories[name] = nil }
  }

  public var parameters: [Parameter] { groups.flatMap(\.parameters) }

  /// Bytes that are remembered beside weights and gradients.
  public var byteCount: Int {
    memories.values.reduce(0) { $0 + $1.views.reduce(0) { $0 + $1.count * 4 } }
  }

  /// One step of every parameter by its gradient.
  ///
  /// - Parameters:
  ///   - resting: names of those that make none.
  ///   - chosen: names of those that make one; all others when nil.
  public mutating func step(
    rate: Double, resting: Set<String> = [], of chosen: Set<String>? = nil,
    pool: ThreadPool? = nil
  ) {
    for group in groups {
      for parameter in group.parameters where !resting.contains(parameter.name) {
        guard chosen?.contains(parameter.name) != false, var memory = memories[parameter.name]
        else { continue }
        memory.steps += 1
        memories[parameter.name] = memory
        let step = OptimizerStep(
          number: memory.steps, rate: rate * group.rateFactor, weightDecay: group.weightDecay)
        optimizer.update(parameter, slots: memory.views, step, pool: pool)
      }
    }
  }
}

extension Optimization {
  /// What is remembered, as PyTorch names it, by `<parameter>.<slot>`; `<parameter>.step` counts.
  ///
  /// A parameter that has made no step yet has no entry.
  public var state: OrderedDictionary<String, Tensor> {
    var state: OrderedDictionary<String, Tensor> = [:]
    for (name, memory) in memories where memory.steps > 0 {
      state["\(name).step"] = Tensor(shape: [], [Float(memory.steps)])
      for (slot, view) in zip(memory.slots, memory.views) {
        state["\(name).\(slot.name)"] = view.tensor(shape: slot.shape)
      }
    }
    return state
  }

  /// Lets the first process remember what all do. All call it.
  ///
  /// - Parameter owner: which process looks after the parameter of that name.
  mutating func gather(_ communicator: any Communicator, owner: (String) -> Int) throws {
    guard let all = try gathered(communicator, owner: owner) else { return }
    self = Optimization(optimizer, groups)
    try restore(all)
  }

  /// What all processes remember, at the first of them; nil elsewhere. All call it.
  ///
  /// - Parameter owner: which process looks after the parameter of that name.
  func gathered(
    _ communicator: any Communicator, owner: (String) -> Int
  ) throws -> OrderedDictionary<String, Tensor>? {
    let steps = try communicator.sum(parameters.map { Double(memories[$0.name]?.steps ?? 0) })
    var state: OrderedDictionary<String, Tensor> = [:]
    for (parameter, count) in zip(parameters, steps) where count > 0 {
      let (name, owner) = (parameter.name, owner(parameter.name))
      guard communicator.isFirst || owner == communicator.rank else { continue }
      state["\(name).step"] = Tensor(shape: [], [Float(count)])
      for (index, slot) in optimizer.slots(for: parameter.shape).enumerated() {
        let view =
          memories[name]?.views[index] ?? FloatView(zeros: slot.shape.elementCount)
        try communicator.move(view, from: owner, to: 0).wait()
        state["\(name).\(slot.name)"] = view.tensor(shape: slot.shape)
      }
    }
    return communicator.isFirst ? state : nil
  }

  /// Goes on from a `state`, of which others' part is passed over.
  /// - Throws: `.mismatch`, naming the first tensor that is missing, has another shape, or is no parameter's; nothing is
  ///   changed then.
  public mutating func restore(_ state: OrderedDictionary<String, Tensor>) throws {
    var wanted: OrderedDictionary<String, (view: FloatView, shape: Shape)> = [:]
    var steps: [String: Int] = [:]
    var others: Set<String> = []
    // What others look after may be there, too
    for parameter in parameters where memories[parameter.name] == nil {
      others.insert("\(parameter.name).step")
      for slot in optimizer.slots(for: parameter.shape) {
        others.insert("\(parameter.name).\(slot.name)")
      }
    }
    for (name, memory) in memories {
      let slots = zip(memory.slots, memory.views)
      guard let step = state["\(name).step"] else {
        for (slot, view) in slots where state["\(name).\(slot.name)"] != nil {
          wanted["\(name).\(slot.name)"] = (view, slot.shape)
        }
        if slots.contains(where: { state["\(name).\($0.0.name)"] != nil }) {
          throw mismatch("there is no tensor '\(name).step'")
        }
        steps[name] = 0
        continue
      }
      guard let number = step.floats.first.flatMap({ Int(exactly: $0) }), number >= 0,
        step.elementCount == 1
      else { throw mismatch("'\(name).step' is no number of steps") }
      steps[name] = number
      for (slot, view) in slots { wanted["\(name).\(slot.name)"] = (view, slot.shape) }
    }
    for (name, tensor) in wanted {
      guard let found = state[name] else { throw mismatch("there is no tensor '\(name)'") }
      guard found.shape == tensor.shape else {
        throw mismatch("'\(name)' is \(found.shape), not \(tensor.shape)")
      }
    }
    let known = others.union(wanted.keys).union(steps.keys.map { "\($0).step" })
    if let stray = state.keys.first(where: { !known.contains($0) }) {
      throw mismatch("'\(stray)' belongs to no parameter that learns")
    }
    for (name, target) in wanted {
      if let tensor = state[name] { target.view.copy(from: FloatView(tensor)) }
    }
    for (name, memory) in memories where steps[name] == 0 {
      for view in memory.views { view.fill(0) }
    }
    for (name, number) in steps { memories[name]?.steps = number }
  }

  private func mismatch(_ found: String) -> DataError {
    let name = type(of: optimizer).name
    return DataError(.mismatch, found, expected: "the state of '\(name)' on the same parameters")
  }
}
