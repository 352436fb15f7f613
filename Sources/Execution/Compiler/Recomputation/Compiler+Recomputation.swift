import BinaryIO
import ModelGraph

extension Compiler {
  /// The share of what can be saved that may be given back for less work.
  private static let slack = 0.15
  /// A graph is left alone when the best way takes more than this share of its memory.
  private static let gain = 0.9
  /// So much more of the memory than it was for other types lets a way be found anew.
  private static let drift = 1.1

  /// A way to compute parts twice, as it was planned.
  private struct Plan {
    let cuts: [ForwardPart.Cut]
    let worth: Set<ValueID>
    let way: GraphWithCopies
    let bytes: Int
    let work: Int
  }

  /// The graph as it is, or with parts that are computed again on the way back, where this takes less memory.
  ///
  /// Every way is planned in full, so that what is said of its memory is what it takes.
  func leastMemory(_ graph: Graph, _ forward: ForwardPart) throws -> LoweredGraph {
    let whole = Result { try lowered(graph) }
    let known: LoweredGraph?
    switch whole {
    case .success(let lowered): known = lowered
    case .failure(let error as DataError) where error.code == .limitExceeded: known = nil
    case .failure(let error): throw error
    }
    let best =
      known.flatMap { planAsBefore(forward, beside: $0) } ?? bestPlan(forward, beside: known)
    var result =
      try best.map { try lowered($0.way.graph, consumers: $0.way.consumers) }
      ?? whole.get()
    result.memory.bytesWithoutRecomputation = known?.memory.bytes
    if let best {
      result.memory.recomputedParts = best.way.parts
      result.memory.recomputedNodes = best.way.copies
    }
    return result
  }

  private func plan(
    _ forward: ForwardPart, _ cuts: [ForwardPart.Cut], keeping worth: Set<ValueID> = []
  ) -> Plan? {
    let way = forward.computedAgain(between: cuts, keeping: worth)
    guard way.parts > 0, let lowered = try? lowered(way.graph, consumers: way.consumers) else {
      return nil
    }
    return Plan(
      cuts: cuts, worth: worth, way: way, bytes: lowered.memory.bytes, work: lowered.work)
  }

  /// As for other types, where that saves nearly as much.
  private func planAsBefore(_ forward: ForwardPart, beside known: LoweredGraph) -> Plan? {
    guard let found = foundWay.find(for: forward),
      let plan = plan(forward, found.cuts, keeping: found.worth),
      Double(plan.bytes) <= Self.drift * found.share * Double(known.memory.bytes)
    else { return nil }
    return plan
  }

  /// - Parameter known: the graph as it is, where that does not take too much.
  private func bestPlan(_ forward: ForwardPart, beside known: LoweredGraph?) -> Plan? {
    var plans = forward.waysToCut.compactMap { plan(forward, $0) }
    let before = known?.memory.bytes
    let least = Double(plans.map(\.bytes).min() ?? .max)
    var bound = least + Self.slack * ((before.map(Double.init) ?? 2 * least) - least)
    bound = min(bound, Self.gain * Double(before ?? .max))
    plans = plans.filter { Double($0.bytes) <= bound }
    if let known {
      let (ofNodes, whole) = (known.works, known.work)
      let works = forward.graph.nodes.map { ofNodes[$0.name] ?? 0 }
      for plain in plans.sorted(by: { $0.bytes < $1.bytes }).prefix(6) {
        let average = Double(plain.work - whole) / Double(known.memory.bytes - plain.bytes)
        var last: Set<ValueID> = []
        for factor in [4, 2, 1.0] {
          let worth = forward.worthKeeping(
            between: plain.cuts, works: works, density: factor * average)
          guard worth != last else { continue }
          last = worth
          if let plan = plan(forward, plain.cuts, keeping: worth), Double(plan.bytes) <= bound {
            plans.append(plan)
          }
        }
      }
    }
    let best = plans.min { ($0.work, $0.bytes) < ($1.work, $1.bytes) }
    if let best, let before {
      foundWay.keep(
        best.cuts, best.worth, share: Double(best.bytes) / Double(before), of: forward.graph)
    }
    return best
  }
}
