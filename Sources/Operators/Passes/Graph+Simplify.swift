import ModelGraph

extension Graph {
  /// All passes, in an order in which each prepares the ground for the next.
  public static let simplifications: [any GraphPass] = [
    FoldShapes(), FoldConstants(), RemoveNoOperations(), CancelTransposes(), SinkTransposes(),
    MergePads(), FoldAffine(), FuseActivations(), ShareConstants(),
  ]

  /// Makes the graph simpler without changing what it computes.
  ///
  /// Weights that are to be folded must be bound to the graph as constants.
  /// - Returns: what was done, in order.
  public mutating func simplify() throws -> [Rewrite] {
    try rewrite(with: Graph.simplifications)
  }
}
