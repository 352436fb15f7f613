import ModelGraph
import Synchronization

/// The way that was last found to compute parts of a graph twice: it serves the same graph for inputs of other shapes.
final class FoundWay: Sendable {
  private struct Way {
    let nodes: [String]
    let cuts: [Int]
    let worth: Set<ValueID>
    let share: Double
  }

  private let way = Mutex<Way?>(nil)

  /// - Parameter share: of the memory that the graph takes as it is.
  func keep(_ cuts: [ForwardPart.Cut], _ worth: Set<ValueID>, share: Double, of graph: Graph) {
    let found = Way(
      nodes: graph.nodes.map(\.name), cuts: cuts.map(\.index), worth: worth, share: share)
    way.withLock { $0 = found }
  }

  /// What was kept, where this has the same nodes.
  func find(
    for forward: ForwardPart
  ) -> (cuts: [ForwardPart.Cut], worth: Set<ValueID>, share: Double)? {
    guard let found = way.withLock({ $0 }), found.nodes == forward.graph.nodes.map(\.name) else {
      return nil
    }
    let wanted = Set(found.cuts)
    let cuts = forward.places.filter { wanted.contains($0.index) }
    return cuts.count == found.cuts.count ? (cuts, found.worth, found.share) : nil
  }
}
