import ModelGraph
import Tensors

extension CachedAttention: Decomposable {
  var opset: Int? { nil }

  func decompose(_ parts: inout Decomposition) throws -> Bool {
    guard let x = parts.type(0).dimensions, parts.dataType(3) == parts.dataType(0),
      let size = try HeadLayout(x, heads: queryHeads, "the queries").size.value,
      let queries = parts.separate(0, heads: queryHeads, size: size, "q"),
      let starts = parts.input(5)
    else { return false }
    let length = parts.extent(of: queries, axis: 2, "length")
    let row = parts.count(to: length, "places")
    let column = parts.unsqueeze(starts, [1], "starts")
    let positions = parts.add(Add(), [column, row], "positions")
    let i = parts.unsqueeze(positions, [1, 3], "positions_column")
    var caches: [ValueID] = []
    for (index, name) in [(1, "k"), (2, "v")] {
      guard let new = parts.separate(index, heads: keyValueHeads, size: size, name),
        let past = parts.input(index + 2)
      else { return false }
      let shape = parts.add(ShapeOf(), [new], "\(name)_shape")
      let places = parts.add(Expand(), [i, shape], "\(name)_places")
      caches.append(
        parts.add(
          ScatterElements(axis: 2), [past, places, new], "\(name)_cache",
          result: parts.output(index)))
    }
    let capacity = parts.extent(of: caches[0], axis: 2, "capacity")
    let j = parts.count(to: capacity, "keys_places")
    var allowed = parts.positionLimits(
      i: i, j: j, isCausal: true, left: window.map { $0 - 1 }, right: nil)
    let keys = parts.shared(caches[0], heads: keyValueHeads, among: queryHeads, "k")
    var scores = parts.scores(
      queries, keys, scale: scale ?? 1 / Double(size).squareRoot(), softcap: softcap)
    parts.apply(mask: 6, to: &scores, &allowed)
    parts.weighted(
      scores, parts.shared(caches[1], heads: keyValueHeads, among: queryHeads, "v"),
      allowed: allowed, width: queryHeads * size, result: parts.output(0))
    return true
  }
}
