import Kernels

/// Processes that work on the same: each has a rank, and they exchange numbers.
///
/// Every process makes the same calls in the same order, from one thread; a call that one of them leaves out lets the
/// others wait. What sums give is the same, bit for bit, in every process that gets it.
public protocol Communicator: Sendable {
  /// Which one this is, counted from 0; 0 is the one that speaks and writes.
  var rank: Int { get }
  /// How many there are.
  var size: Int { get }

  /// Begins to sum what all have: at `root` in place, or everywhere when it is nil.
  ///
  /// The views must stay as they are until the transfer is over; those that get no sum keep what they have.
  func sum(_ view: FloatView, at root: Int?) throws -> any Transfer
  /// Begins to copy what `root` has to all.
  func broadcast(_ view: FloatView, from root: Int) throws -> any Transfer
  /// Begins to copy what `sender` has to `receiver`; nothing is done elsewhere.
  func move(_ view: FloatView, from sender: Int, to receiver: Int) throws -> any Transfer
  /// The sums of all processes' numbers, place by place.
  func sum(_ numbers: [Double]) throws -> [Double]

  /// Ends all processes with an exit status.
  func abort(status: Int32) -> Never
  /// Waits for all others, and leaves them: the last call.
  func finish()
}

/// An exchange that is under way.
public protocol Transfer: AnyObject {
  /// Lets it go on, and says whether it is over.
  func isDone() throws -> Bool
  /// Waits until it is over.
  func wait() throws
}

extension Communicator {
  /// Whether this process is the one that speaks and writes.
  public var isFirst: Bool { rank == 0 }

  /// The first one's number, for all.
  public func agreed(_ number: Double) throws -> Double { try agreed([number])[0] }

  /// The first one's numbers, for all; each gives as many.
  public func agreed(_ numbers: [Double]) throws -> [Double] {
    size == 1 ? numbers : try sum(isFirst ? numbers : numbers.map { _ in 0 })
  }

  /// Each one's number, by rank.
  public func gathered(_ number: Double) throws -> [Double] {
    try sum((0..<size).map { $0 == rank ? number : 0 })
  }

  /// Waits for all others.
  public func meet() throws { if size > 1 { _ = try sum([0]) } }
}
