import ModelGraph
import Tensors

extension Attention: Decomposable {
  var opset: Int? { leftWindow != nil || rightWindow != nil ? 25 : 23 }

  func decompose(_ parts: inout Decomposition) throws -> Bool {
    guard parts.output(3) == nil, let x = parts.type(0).dimensions,
      let y = parts.type(1).dimensions, let z = parts.type(2).dimensions,
      parts.dataType(0) == parts.dataType(2)
    else { return false }
    let (q, k, v) = (
      try HeadLayout(x, heads: queryHeads, "the queries"),
      try HeadLayout(y, heads: keyValueHeads, "the keys"),
      try HeadLayout(z, heads: keyValueHeads, "the values")
    )
    guard let size = q.size.value, let width = v.size.value, let heads = q.heads.value,
      let shared = k.heads.value, maskIsWhole(parts, keys: k.sequence)
    else { return false }
    guard let queries = parts.separate(0, heads: queryHeads, size: size, "q"),
      var keys = parts.separate(1, heads: keyValueHeads, size: size, "k"),
      var values = parts.separate(2, heads: keyValueHeads, size: width, "v")
    else { return false }
    var before: ValueID?
    if let past = parts.input(4), let pastValues = parts.input(5) {
      before = parts.extent(of: past, axis: 2, "past_length")
      keys = parts.add(Concat(axis: 2), [past, keys], "keys", result: parts.output(1))
      values = parts.add(
        Concat(axis: 2), [pastValues, values], "values_so_far", result: parts.output(2))
    } else {
      for (index, value) in [(1, keys), (2, values)] {
        guard let present = parts.output(index) else { continue }
        parts.add(Identity(), [value], "present_\(index)", result: present)
      }
    }
    var scores = parts.scores(
      queries, parts.shared(keys, heads: shared, among: heads, "k"),
      scale: scale ?? 1 / Double(size).squareRoot(), softcap: softcap)
    var allowed: [ValueID] = []
    parts.apply(mask: 3, to: &scores, &allowed)
    allowed += positions(&parts, queries: queries, keys: keys, before: before)
    parts.weighted(
      scores, parts.shared(values, heads: shared, among: heads, "v"), allowed: allowed,
      width: x.count == 3 ? heads * width : nil, result: parts.output(0))
    return true
  }

  /// Whether the mask has a place for every key, as far as is known.
  private func maskIsWhole(_ parts: Decomposition, keys: Dimension) -> Bool {
    guard parts.input(3) != nil, parts.input(4) == nil,
      let mask = parts.type(3).dimensions?.last?.value, let keys = keys.value
    else { return true }
    return mask == 1 || mask == keys
  }

  /// Which keys may be looked at because of where they are.
  private func positions(
    _ parts: inout Decomposition, queries: ValueID, keys: ValueID, before: ValueID?
  ) -> [ValueID] {
    let isLimited = isCausal || leftWindow != nil || rightWindow != nil
    guard isLimited || parts.input(6) != nil else { return [] }
    let total = parts.extent(of: keys, axis: 2, "total")
    let j = parts.count(to: total, "keys_places")
    var limits: [ValueID] = []
    var counts: ValueID?
    if let numbers = parts.input(6) {
      let column = parts.unsqueeze(numbers, [1, 2, 3], "keys_counts")
      limits.append(parts.add(Less(), [j, column], "counted"))
      counts = column
    }
    guard isLimited else { return limits }
    let length = parts.extent(of: queries, axis: 2, "length")
    let row = parts.count(to: length, "queries_places")
    var i = parts.unsqueeze(row, [1], "queries_column")
    if let before { i = parts.add(Add(), [i, before], "queries_positions") }
    if let counts {
      let first = parts.add(Sub(), [counts, length], "first_position")
      i = parts.add(Add(), [i, first], "queries_positions")
    }
    return limits
      + parts.positionLimits(
        i: i, j: j, isCausal: isCausal, left: leftWindow, right: rightWindow)
  }
}
