import Kernels

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
  /// What the numbers of matrix products are rounded to before they are multiplied; sums are float32.
  public var products: ProductPrecision
  /// Whether steps of training keep fewer values on their way forwards, and compute them again on the way back: in more time,
  /// with the same bits. Of no account elsewhere.
  public var recomputes: Bool

  public init(
    threads: Int? = nil, maximumPrograms: Int = 8, maximumBytes: Int? = nil, isPlain: Bool = false,
    winograd: WinogradUse = .whereFaster, products: ProductPrecision = .float32,
    recomputes: Bool = false
  ) {
    self.threads = threads
    self.maximumPrograms = maximumPrograms
    self.maximumBytes = maximumBytes
    self.isPlain = isPlain
    self.winograd = winograd
    self.products = products
    self.recomputes = recomputes
  }
}

/// What matrix products multiply. Convolutions and quantised weights are not concerned.
public enum ProductPrecision: String, Sendable, CaseIterable {
  case float32
  /// Eight bits of mantissa: twice as fast where the processor has instructions for it.
  case bfloat16

  /// Whether such products are as fast here as they can be.
  public var isFast: Bool { self == .float32 || BFloat16Matrix.isFast }
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
