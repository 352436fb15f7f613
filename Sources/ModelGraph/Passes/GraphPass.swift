import BinaryIO
import Tensors

/// A way to make a graph simpler or faster without changing what it computes.
public protocol GraphPass: Sendable {
  /// What it does, in a word: `FoldConstants`.
  static var name: String { get }

  /// What it would change; an empty patch when there is nothing to do.
  func patch(for graph: Graph) throws -> GraphPatch
}

extension Graph {
  /// Runs the passes in their order, over and over until none finds anything to do.
  ///
  /// - Returns: what was done, in order.
  /// - Throws: what type inference throws when a node's inputs do not fit it.
  @discardableResult
  public mutating func rewrite(with passes: [any GraphPass]) throws -> [Rewrite] {
    // Each round makes the graph smaller or moves a node forwards, so this is a bound against
    // mistakes only.
    let rounds = 2 * nodes.count + 8
    var done: [Rewrite] = []
    try inferTypes()
    for _ in 0..<rounds {
      var changed = false
      for pass in passes {
        let patch = try pass.patch(for: self)
        guard !patch.isEmpty else { continue }
        apply(patch)
        self = withoutDeadNodes()
        #if DEBUG
          try naming("pass '\(type(of: pass).name)'") { try verify() }
        #endif
        try inferTypes()
        done += patch.rewrites
        changed = true
      }
      if !changed { break }
    }
    return done
  }

  /// The tensor of a constant, in the type that the graph gives it: weights may be stored in a
  /// narrower one.
  public func known(_ id: ValueID?) -> Tensor? {
    guard let id, let tensor = constants[id] else { return nil }
    return self[id].type.dataType.map { tensor.cast(to: $0) } ?? tensor
  }
}
