import BinaryIO
import ModelGraph

extension Compiler {
  /// So much more than the least memory is worth less work.
  private static let tolerance = 1.1
  /// A part of the memory that is worth computing nothing twice for.
  private static let gain = 0.9

  /// The graph as it is, or with parts that are computed again on the way back, where this takes less memory.
  ///
  /// Every way to cut it is planned in full, so that what is said of its memory is what it takes.
  func leastMemory(_ graph: Graph, _ forward: ForwardPart) throws -> LoweredGraph {
    let whole = Result { try lowered(graph) }
    let bytes: Int?
    switch whole {
    case .success(let lowered): bytes = lowered.memory.bytes
    case .failure(let error as DataError) where error.code == .limitExceeded: bytes = nil
    case .failure(let error): throw error
    }
    var found: [(way: GraphWithCopies, bytes: Int, work: Int)] = []
    for cuts in forward.waysToCut {
      let way = forward.computedAgain(between: cuts)
      guard way.parts > 0, let other = try? lowered(way.graph, consumers: way.consumers) else {
        continue
      }
      found.append((way, other.memory.bytes, other.work))
    }
    let least = found.map(\.bytes).min() ?? .max
    let bound = Int(min(Self.tolerance * Double(least), Self.gain * Double(bytes ?? .max)))
    let best = found.filter { $0.bytes <= bound }.min { $0.work < $1.work }
    var result =
      try best.map { try lowered($0.way.graph, consumers: $0.way.consumers) } ?? whole.get()
    result.memory.bytesWithoutRecomputation = bytes
    if let best {
      (result.memory.recomputedParts, result.memory.recomputedNodes) = (
        best.way.parts, best.way.copies
      )
    }
    return result
  }
}

extension LoweredGraph {
  /// Multiplications and additions; a number that is read or written counts as some of them.
  fileprivate var work: Int {
    entries.reduce(0) { sum, entry in
      sum + entry.step.operations
        + 32 * (entry.step.reads + entry.step.writes).reduce(0) { $0 + $1.count }
    }
  }
}
