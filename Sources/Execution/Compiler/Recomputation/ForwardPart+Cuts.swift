import ModelGraph
import Tensors

extension ForwardPart {
  /// A place between two nodes where little flows from what is before to what is behind.
  struct Cut: Sendable {
    /// The node behind it.
    let index: Int
    /// What is computed before and taken behind it.
    let values: [ValueID]
    let bytes: Int
  }

  /// The places where the graph may be cut.
  ///
  /// What flows there is to be kept as it is now. So it must be in memory now: a value that one node alone takes may be
  /// within the step that computes both.
  var places: [Cut] {
    var places: [Cut] = []
    var (open, counts, bytes, hidden): (Set<ValueID>, [ValueID: Int], Int, Int) = ([], [:], 0, 0)
    func change(_ id: ValueID, by sign: Int) {
      if mayBeHidden(id) { hidden += sign }
      let root = root(id)
      let before = counts[root, default: 0]
      counts[root] = before + sign
      if before == 0 || before + sign == 0 { bytes += sign * self.bytes(root) }
    }
    for (index, node) in graph.nodes.prefix(end).enumerated() {
      if index > 0, hidden == 0, !open.isEmpty {
        places.append(Cut(index: index, values: open.sorted(), bytes: bytes))
      }
      for case let id? in node.outputs where lastUses[id.index] > index {
        if open.insert(id).inserted { change(id, by: 1) }
      }
      for case let id? in node.inputs where lastUses[id.index] == index {
        if open.remove(id) != nil { change(id, by: -1) }
      }
    }
    return places
  }

  /// Those where less flows than just before and just behind them; in a network of blocks, the blocks' bounds.
  var narrowPlaces: [Cut] {
    let places = places
    var narrow: [Cut] = []
    var start = 0
    // Runs of places where just as much flows
    while start < places.count {
      let bytes = places[start].bytes
      let stop = places[start...].firstIndex { $0.bytes != bytes } ?? places.count
      if start == 0 || places[start - 1].bytes > bytes,
        stop == places.count || places[stop].bytes > bytes
      {
        narrow += places[start..<stop]
      }
      start = stop
    }
    return narrow
  }

  /// Ways to cut the forward part, from few parts to many: those that keep what flows over the cuts and, of one part at a time,
  /// everything.
  ///
  /// Early parts are larger: when the way back reaches them, what was kept of later ones has been used.
  /// - Source: Training Deep Nets with Sublinear Memory Cost, Chen et al. 2016, algorithm 3: cuts by a budget, and budgets tried.
  var waysToCut: [[Cut]] {
    let places = narrowPlaces
    let saved = savedBytes
    guard !places.isEmpty, let total = saved.last, total > 0 else { return [] }
    var ways: [[Cut]] = []
    var budget = Double(total)
    while budget > Double(total) / 64, ways.count < 24 {
      budget *= 0.92
      guard let way = cuts(places, saved, budget: Int(budget)) else { break }
      if way.map(\.index) != ways.last?.map(\.index) { ways.append(way) }
    }
    return ways
  }

  /// Each part as large as the budget lets it be, beside what is kept before it; nil where one is larger in itself.
  private func cuts(_ places: [Cut], _ saved: [Int], budget: Int) -> [Cut]? {
    var (way, start, kept): ([Cut], Int, Int) = ([], 0, 0)
    var known: Set<ValueID> = []
    while kept + saved[end] - saved[start] > budget {
      let reached = places.last {
        $0.index > start && kept + saved[$0.index] - saved[start] <= budget
      }
      guard let cut = reached else { return nil }
      way.append(cut)
      for root in Set(cut.values.map(root)) where known.insert(root).inserted {
        kept += bytes(root)
      }
      start = cut.index
    }
    return way
  }

  /// For each node, the bytes computed before it that nodes take which go back.
  private var savedBytes: [Int] {
    var own = [Int](repeating: 0, count: end)
    var known: Set<ValueID> = []
    for index in producers.indices where isSaved(ValueID(index: index)) {
      let root = root(ValueID(index: index))
      guard let producer = producers[root.index], known.insert(root).inserted else { continue }
      own[producer] += bytes(root)
    }
    var sums = [0]
    for bytes in own { sums.append(sums[sums.count - 1] + bytes) }
    return sums
  }
}
