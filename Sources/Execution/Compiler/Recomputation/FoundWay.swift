import ModelGraph
import Synchronization

/// The way that was last found to compute parts of a graph twice: it serves the same graph for inputs of other shapes.
///
/// To find one takes many plans. Sessions of one graph, each for its own shapes, share it.
public final class FoundWay: Sendable {
  private struct Way {
    let nodes: [String]
    let cuts: [Int]
    let worth: Set<ValueID>
    let share: Double
  }

  private let way = Mutex<Way?>(nil)
  private let count = Atomic<Int>(0)

  public init() {}

  /// How often a way was sought and found anew.
  public var searches: Int { count.load(ordering: .relaxed) }

  /// - Parameter share: of the memory that the graph takes as it is.
  func keep(_ cuts: [ForwardPart.Cut], _ worth: Set<ValueID>, share: Double, of graph: Graph) {
    let found = Way(
      nodes: graph.nodes.map(\.name), cuts: cuts.map(\.index), worth: worth, share: share)
    way.withLock { $0 = found }
    count.wrappingAdd(1, ordering: .relaxed)
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
