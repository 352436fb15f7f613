/// What the values between the layers take, while a program runs.
public struct ProgramMemory: Sendable, Hashable {
  /// Bytes at most, at any moment.
  public var bytes: Int
  /// The same, if nothing were computed twice; nil where that was not asked for, or would be too much.
  public var bytesWithoutRecomputation: Int?
  /// Parts of the way forwards that are computed again on the way back.
  public var recomputedParts = 0
  /// Nodes of the graph that are computed twice.
  public var recomputedNodes = 0

  public init(bytes: Int) { self.bytes = bytes }
}
