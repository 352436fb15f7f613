/// Which tensors travel together, and which process looks after them.
///
/// Tensors are joined in the order in which they become ready, until a bucket is large enough; large ones travel alone.
/// Buckets are given to processes so that each has about as much.
public struct BucketPlan: Sendable, Hashable {
  public struct Bucket: Sendable, Hashable {
    /// Numbers of tensors.
    public var members: [Int]
    /// Elements of all of them.
    public var count: Int
    /// The process that sums their gradients, remembers the optimiser's state of them and changes them.
    public var owner: Int
  }

  public let buckets: [Bucket]
  /// The bucket of each tensor.
  public let places: [Int]

  /// - Parameters:
  ///   - counts: elements of each tensor.
  ///   - order: the tensors' numbers as they become ready.
  ///   - limit: elements that a bucket has at most, if it has more than one member; by default 8 MiB of floats, or so
  ///     many that each process has some buckets.
  public init(counts: [Int], order: [Int], processes: Int, limit: Int? = nil) {
    precondition(processes > 0 && order.sorted() == Array(counts.indices))
    let total = counts.reduce(0, +)
    let limit = limit ?? min(1 << 21, total / (4 * processes))
    var buckets: [Bucket] = []
    for tensor in order {
      if let last = buckets.last, last.count + counts[tensor] <= limit {
        buckets[buckets.count - 1].members.append(tensor)
        buckets[buckets.count - 1].count += counts[tensor]
      } else {
        buckets.append(Bucket(members: [tensor], count: counts[tensor], owner: 0))
      }
    }
    // The largest first, each to who has least
    var loads = [Int](repeating: 0, count: processes)
    let falling = buckets.indices.sorted {
      buckets[$0].count == buckets[$1].count ? $0 < $1 : buckets[$0].count > buckets[$1].count
    }
    for bucket in falling {
      let least = loads.min() ?? 0
      let owner = loads.firstIndex(of: least) ?? 0
      buckets[bucket].owner = owner
      loads[owner] += buckets[bucket].count
    }
    var places = [Int](repeating: 0, count: counts.count)
    for (index, bucket) in buckets.enumerated() {
      for tensor in bucket.members { places[tensor] = index }
    }
    self.buckets = buckets
    self.places = places
  }

  /// The process that looks after a tensor.
  public func owner(of tensor: Int) -> Int { buckets[places[tensor]].owner }

  /// Elements that each process looks after.
  public func loads(processes: Int) -> [Int] {
    buckets.reduce(into: [Int](repeating: 0, count: processes)) { $0[$1.owner] += $1.count }
  }
}
