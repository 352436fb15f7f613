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
  /// Which convolutions go by Winograd's way, whose rounding errors are about twice those of plain sums.
  public var winograd: WinogradUse

  public init(
    threads: Int? = nil, maximumPrograms: Int = 8, maximumBytes: Int? = nil, isPlain: Bool = false,
    winograd: WinogradUse = .whereFaster
  ) {
    self.threads = threads
    self.maximumPrograms = maximumPrograms
    self.maximumBytes = maximumBytes
    self.isPlain = isPlain
    self.winograd = winograd
  }
}

/// Which of the convolutions with windows 3 by 3 and stride 1 are computed in tiles.
public enum WinogradUse: Sendable {
  /// None: every result is one plain sum.
  case never
  /// Those that it makes faster, by their shapes.
  case whereFaster
  /// All that it can compute, to compare with.
  case always
}
