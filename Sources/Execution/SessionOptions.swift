/// How a session computes.
public struct SessionOptions: Sendable {
  /// Threads that work on a run, the caller's included; nil for `MENAGERIE_THREADS` or all cores.
  public var threads: Int?
  /// Programs kept for as many sets of input shapes; the one unused for longest gives way.
  public var maximumPrograms: Int
  /// The most bytes that a program's values may take together; nil for a bound from the machine's memory.
  public var maximumBytes: Int?
  /// Whether every operator is evaluated alone in the plain way, to compare with.
  public var isPlain: Bool

  public init(
    threads: Int? = nil, maximumPrograms: Int = 8, maximumBytes: Int? = nil, isPlain: Bool = false
  ) {
    self.threads = threads
    self.maximumPrograms = maximumPrograms
    self.maximumBytes = maximumBytes
    self.isPlain = isPlain
  }
}
