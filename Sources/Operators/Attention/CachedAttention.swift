import BinaryIO
import ModelGraph
import Tensors

/// Attention over a cache of fixed capacity that it adds the new keys and values to.
///
/// Inputs: q, k, v, past keys, past values, starts, then (optional) the mask; outputs: y and the two caches. Row b has `starts[b]` positions filled; its
/// keys and values are written to the places from there on, and its query i attends to the places up to `starts[b] + i`. What
/// lies beyond is not looked at.
///
/// Not one of the standard's operators: a `ScatterElements` and `Attention` with a mask there.
/// - Shapes: q `[batch, sequence, queryHeads · d]`, k and v `[batch, sequence, keyValueHeads · d]`, caches `[batch,
///   keyValueHeads, capacity, d]`, starts `[batch]`; the mask stretches to `[batch, queryHeads, sequence, capacity]`; gives
///   `[batch, sequence, queryHeads · d]`.
/// - Types: a mask of `bool` says who takes part; one of numbers is added to the scores.
public struct CachedAttention: Operator {
  public static let name = "CachedAttention"
  public var queryHeads: Int
  public var keyValueHeads: Int
  /// By default 1 / √d.
  public var scale: Double?
  /// Bounds scores to ±softcap; 0 does not.
  public var softcap: Double
  /// How many positions, its own among them, a query attends to; all when nil.
  public var window: Int?

  public init(
    queryHeads: Int, keyValueHeads: Int, scale: Double? = nil, softcap: Double = 0,
    window: Int? = nil
  ) {
    self.queryHeads = queryHeads
    self.keyValueHeads = keyValueHeads
    self.scale = scale
    self.softcap = softcap
    self.window = window
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(6...7)
    let type = try inputs.floatingPoint(0)
    try inputs.sameType(0...2)
    let cacheType = try inputs.sameType(3...4)
    try checkIndices(inputs, 5)
    let starts = try inputs.dimensions(5, "the starts", rank: 1...1)
    var caches: [[Dimension]?] = []
    for (index, what) in [(3, "the past keys"), (4, "the past values")] {
      caches.append(try inputs.dimensions(index, what, rank: 4...4))
    }
    try checkSharing(queryHeads: .fixed(queryHeads), keyValueHeads: .fixed(keyValueHeads))
    let x = try inputs.dimensions(0, "the queries", rank: 3...3)
    if let x {
      let q = try HeadLayout(x, heads: queryHeads, "the queries")
      if let starts { _ = try agreed(starts[0], q.batch, "batches") }
      for (index, what) in [(1, "the keys"), (2, "the values")] {
        guard let y = try inputs.dimensions(index, what, rank: 3...3) else { continue }
        let other = try HeadLayout(y, heads: keyValueHeads, what)
        _ = try agreed(other.batch, q.batch, "batches")
        _ = try agreed(other.sequence, q.sequence, "sequences")
        _ = try agreed(other.size, q.size, "heads")
      }
      for case let cache? in caches {
        _ = try agreed(cache[0], q.batch, "batches")
        _ = try agreed(cache[1], .fixed(keyValueHeads), "numbers of heads")
        _ = try agreed(cache[3], q.size, "heads of the cache")
      }
    }
    if let keys = caches[0], let values = caches[1] {
      _ = try agreed(keys[2], values[2], "capacities")
    }
    try checkMask(
      inputs, 6,
      [starts?[0] ?? .unknown, .fixed(queryHeads), x?[1] ?? .unknown, caches[0]?[2] ?? .unknown])
    return [TensorType(type, x)] + caches.map { TensorType(cacheType, $0) }
  }

  /// The places of each row that the new keys and values go to, checked against the capacity.
  /// - Throws: `.mismatch` when they do not fit.
  public static func places(
    starts: [Int], sequence: Int, capacity: Int
  ) throws -> [Range<Int>] {
    try starts.map { start in
      let (end, overflow) = start.addingReportingOverflow(sequence)
      guard start >= 0, !overflow, end <= capacity else {
        throw DataError(
          .mismatch, "\(sequence) positions after \(start)",
          expected: "at most the cache's \(capacity)")
      }
      return start..<end
    }
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShapes(for: inputs)
    let x = try inputs.required(0)
    let starts = try inputs.required(5).integers
    let caches = try [(1, 3), (2, 4)].map { new, past in
      try written(
        inputs.required(new).separated(heads: keyValueHeads), into: inputs.required(past), starts)
    }
    let q = x.separated(heads: queryHeads)
    let work = AttentionScores(
      q: q, k: caches[0], v: caches[1], scale: scale ?? 1 / Double(q.shape[3]).squareRoot(),
      softcap: softcap)
    let mask = inputs.optional(6).map { AttentionMask($0) }
    let (result, _) = work.attend(keeping: nil) { b, h, i, j in
      let position = starts[b] + i
      if j > position { return -.infinity }
      if let window, j <= position - window { return -.infinity }
      return mask?.bias(b, h, i, j) ?? 0
    }
    return [result.joiningHeads.cast(to: x.dataType)] + caches
  }

  /// The cache with `new` from each row's start on.
  private func written(_ new: Tensor, into cache: Tensor, _ starts: [Int]) throws -> Tensor {
    let (sequence, capacity) = (new.shape[2], cache.shape[2])
    let places = try CachedAttention.places(
      starts: starts, sequence: sequence, capacity: capacity)
    let added = new.cast(to: cache.dataType)
    let rows = try places.enumerated().map { b, place in
      let row = cache.sliced(axis: 0, b..<(b + 1))
      let parts = [
        row.sliced(axis: 2, 0..<place.lowerBound), added.sliced(axis: 0, b..<(b + 1)),
        row.sliced(axis: 2, place.upperBound..<capacity),
      ]
      return try Tensor.concatenated(parts, axis: 2, shape: row.shape)
    }
    guard !rows.isEmpty else { return cache }
    return try .concatenated(rows, axis: 0, shape: cache.shape)
  }
}
