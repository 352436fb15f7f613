import ModelGraph

extension Graph {
  /// The passes that compute no weights anew: for a runtime that folds into weights as it packs them.
  public static let structuralSimplifications: [any GraphPass] = [
    FoldShapes(), RemoveNoOperations(), CancelTransposes(), SinkTransposes(), MergePads(),
    FuseActivations(),
  ]

  /// The passes that give what is spelt out in several operators one that the runtime is fast at.
  public static let fusions: [any GraphPass] = [
    FuseActivations(), FuseAttention(), FuseLinear(),
  ]

  /// The same where all shapes are known, and what follows from them is computed.
  public static let fusionsOfKnownShapes: [any GraphPass] = [
    RemoveNoOperations(), FuseActivations(), FuseNormalization(), FuseRotaryEmbedding(),
    FuseAttention(), SplitPast(),
  ]

  /// All passes, in an order in which each prepares the ground for the next.
  public static let simplifications: [any GraphPass] =
    [FoldConstants()] + structuralSimplifications + [FoldAffine(), ShareConstants()]

  /// Makes the graph simpler without changing what it computes.
  ///
  /// Weights that are to be folded must be bound to the graph as constants.
  /// - Returns: what was done, in order.
  @discardableResult
  public mutating func simplify(
    by passes: [any GraphPass] = Graph.simplifications
  ) throws -> [Rewrite] {
    try rewrite(with: passes)
  }
}
