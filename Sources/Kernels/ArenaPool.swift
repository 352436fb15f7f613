import Synchronization

/// Memory for runs that follow each other: it is lent, and comes back when nobody sees it any more.
///
/// What comes back serves the next borrower without a new page from the system, which would have to be cleared first.
public final class ArenaPool: Sendable {
  /// How many floats each borrower gets.
  public let count: Int
  private let most: Int
  private let spare = Mutex<[Arena]>([])

  /// - Parameter most: how much is kept that nobody uses now.
  public init(count: Int, keepingAtMost most: Int) {
    self.count = count
    self.most = most
  }

  /// Floats that nobody else has, and that are yet to be written.
  public func lend() -> FloatView {
    let arena = spare.withLock { $0.popLast() } ?? Arena(count: count)
    return arena.view(keptBy: Loan(of: arena, from: self))
  }

  private func take(back arena: Arena) {
    spare.withLock { if $0.count < most { $0.append(arena) } }
  }

  /// Lives as long as any view of the arena does.
  private final class Loan: Sendable {
    private let arena: Arena
    private let pool: ArenaPool

    init(of arena: Arena, from pool: ArenaPool) {
      self.arena = arena
      self.pool = pool
    }

    deinit { pool.take(back: arena) }
  }
}
