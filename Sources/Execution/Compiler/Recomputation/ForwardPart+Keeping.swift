import ModelGraph
import Tensors

extension ForwardPart {
  /// Of parts that are computed twice, values that are worth their memory: keeping a byte of them saves that much work.
  ///
  /// - Parameters:
  ///   - works: for each node what it takes to compute it.
  ///   - density: work for a byte.
  func worthKeeping(between cuts: [Cut], works: [Int], density: Double) -> Set<ValueID> {
    let flowing = Set(cuts.flatMap(\.values))
    var (worth, start): (Set<ValueID>, Int) = ([], 0)
    for cut in cuts {
      let range = start..<cut.index
      start = cut.index
      let wanted = wanted(within: range, keeping: flowing)
      var kept = flowing
      func work(_ kept: Set<ValueID>) -> Int {
        let rest = wanted.filter { !kept.contains($0) }
        return (nodes(for: rest, within: range, keeping: kept) ?? []).reduce(0) { $0 + works[$1] }
      }
      var before = work(kept)
      let candidates = range.flatMap { graph.nodes[$0].outputs.compactMap { $0 } }
        .filter { !kept.contains($0) && !mayBeHidden($0) && canStay($0) && bytes($0) > 0 }
        .map { id in (id: id, value: Double(before - work(kept.union([id]))) / Double(bytes(id))) }
        .filter { $0.value >= density }.sorted { ($0.value, $1.id) > ($1.value, $0.id) }
      for candidate in candidates {
        let after = work(kept.union([candidate.id]))
        guard Double(before - after) >= density * Double(bytes(candidate.id)) else { continue }
        kept.insert(candidate.id)
        worth.insert(candidate.id)
        before = after
      }
    }
    return worth
  }

  /// Values of the range that nodes take which go back, and that neither are kept nor are by-products, which are.
  func wanted(within range: Range<Int>, keeping kept: Set<ValueID>) -> [ValueID] {
    range.flatMap { graph.nodes[$0].outputs.compactMap { $0 } }.filter {
      isSaved($0) && !kept.contains($0) && !isByProduct($0)
    }
  }

  /// Those of the range that the values need which are not kept, in their order; nil where one would give something else the
  /// second time.
  func nodes(
    for wanted: [ValueID], within range: Range<Int>, keeping kept: Set<ValueID>
  ) -> [Int]? {
    var needed = Set(wanted)
    var found: [Int] = []
    for index in range.reversed() {
      let node = graph.nodes[index]
      guard node.outputs.contains(where: { $0.map(needed.contains) ?? false }) else { continue }
      guard node.operator.isRepeatable else { return nil }
      found.append(index)
      for case let id? in node.inputs where !kept.contains(id) || !canStay(id) { needed.insert(id) }
    }
    return found.reversed()
  }

  /// Whether copies may take the value itself, though it was computed behind some that they begin with: a product takes along
  /// what is added to it when that is there, and is to do so as it did the first time.
  private func canStay(_ id: ValueID) -> Bool {
    guard let producer = producers[id.index] else { return true }
    return takers[id.index].allSatisfy { $0 >= end || tailStart($0) > producer }
  }
}
