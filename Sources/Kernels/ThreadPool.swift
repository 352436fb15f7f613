import CKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Threads that share out the chunks of a loop; between loops they spin a little, then sleep.
///
/// Chunks are claimed one by one, so that a thread that loses its core for a while delays one chunk
/// only. What a chunk computes must not depend on the chunk's bounds: then no result depends on the
/// number of threads.
@safe public final class ThreadPool: @unchecked Sendable {
  // Sendable: `body`, the loop's extents and instruction set are written by the one thread that
  // holds `busy`, before `state` is published and after every worker has left; all else is atomic or
  // under the mutex.

  /// Threads that work on a loop, the caller's included.
  public let threads: Int

  private let busy = Atomic<Bool>(false)
  private let next = Atomic<Int>(0)
  /// One for each thread; each claims chunks of its own span first.
  private let spans: [Claims]
  private let parked = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)

  /// The loop's number times `generation`, plus `open` while it can be joined, plus the workers
  /// inside.
  private let state = Atomic<UInt64>(0)
  private static let open: UInt64 = 1 << 16
  private static let generation: UInt64 = 1 << 17

  private var body: (@Sendable (Range<Int>) -> Void)?
  private var count = 0
  private var grain = 1
  private var isInSpans = false
  /// The caller's: what one loop computes is computed one way.
  private var instructionSet = mng_isa_current()

  private let signal: Signal
  private var workers: [NativeThread] = []

  /// The threads to use when nobody says: `MENAGERIE_THREADS`, or the cores that the process may
  /// run on.
  public static var defaultThreads: Int { environmentThreads ?? Int(mng_available_cores()) }

  /// What `MENAGERIE_THREADS` says, at most 1024; nil where it says no number of threads.
  public static var environmentThreads: Int? {
    guard let text = unsafe getenv("MENAGERIE_THREADS") else { return nil }
    return unsafe threads(in: String(cString: text))
  }

  package static func threads(in text: String) -> Int? {
    Int(text).flatMap { $0 > 0 ? min($0, 1024) : nil }
  }

  /// - Parameter threads: the caller's included; 1 makes every loop an ordinary one.
  public init(threads: Int = ThreadPool.defaultThreads) {
    precondition(threads > 0 && threads <= 1024, "a pool of \(threads) threads")
    self.threads = threads
    signal = Signal()
    spans = (0..<threads).map { _ in Claims() }
    for index in 1..<max(threads, 1) {
      // Nobody keeps the pool alive: its end is what ends its threads
      unowned(unsafe) let pool = self
      // Fewer threads compute the same.
      guard let thread = NativeThread({ unsafe pool.work(as: index) }) else { break }
      workers.append(thread)
    }
  }

  deinit {
    stopping.store(true, ordering: .sequentiallyConsistent)
    signal.wakeAll()
    for thread in workers { thread.join() }
  }

  /// Calls `body` with ranges of at most `grain` that together are `0..<count`, on all threads;
  /// returns when all are done.
  ///
  /// Called from inside a loop of the same pool, or while another thread uses it, it runs on the
  /// calling thread alone.
  /// - Parameter inSpans: whether each thread takes neighbouring chunks, one after the other, until it helps others:
  ///   where memory that lies in order should be read in order.
  public func parallelFor(
    count: Int, grain: Int = 1, inSpans: Bool = false, _ body: @Sendable (Range<Int>) -> Void
  ) {
    precondition(count >= 0 && grain > 0, "a loop of \(count) by \(grain)")
    guard count > grain, threads > 1, !busy.exchange(true, ordering: .acquiring) else {
      for start in stride(from: 0, to: count, by: grain) {
        body(start..<min(start + grain, count))
      }
      return
    }
    withoutActuallyEscaping(body) { escapable in
      self.body = escapable
      self.count = count
      self.grain = grain
      instructionSet = mng_isa_current()
      isInSpans = inSpans
      if inSpans {
        for (index, span) in spans.enumerated() {
          span.next.store(start(ofSpan: index), ordering: .relaxed)
        }
      } else {
        next.store(0, ordering: .relaxed)
      }
      let number = (state.load(ordering: .relaxed) & ~(Self.generation - 1)) &+ Self.generation
      state.store(number | Self.open, ordering: .sequentiallyConsistent)
      if parked.load(ordering: .sequentiallyConsistent) > 0 { signal.wakeAll() }
      runChunks(escapable, as: 0)
      // From here on nobody can join; those inside finish the chunks that they hold.
      _ = state.bitwiseAnd(~Self.open, ordering: .acquiringAndReleasing)
      while state.load(ordering: .acquiring) & (Self.open - 1) != 0 { mng_pause() }
      self.body = nil
    }
    busy.store(false, ordering: .releasing)
  }

  /// Where a thread's span begins, a multiple of the grain; the last one's end is the loop's.
  private func start(ofSpan index: Int) -> Int {
    let chunks = (count + grain - 1) / grain
    return min(chunks * index / threads * grain, count)
  }

  private func runChunks(_ body: @Sendable (Range<Int>) -> Void, as thread: Int) {
    if isInSpans {
      for offset in 0..<threads {
        let index = (thread + offset) % threads
        let end = start(ofSpan: index + 1)
        while true {
          let start = spans[index].next.wrappingAdd(grain, ordering: .relaxed).oldValue
          if start >= end { break }
          body(start..<min(start + grain, end))
        }
      }
      return
    }
    while true {
      let start = next.wrappingAdd(grain, ordering: .relaxed).oldValue
      if start >= count { return }
      body(start..<min(start + grain, count))
    }
  }

  /// A worker's life.
  private func work(as index: Int) {
    var last: UInt64 = 0
    var idle = 0
    while !stopping.load(ordering: .relaxed) {
      let seen = state.load(ordering: .acquiring)
      let number = seen & ~(Self.generation - 1)
      if number != last, seen & Self.open != 0 {
        let joined = state.compareExchange(
          expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing
        ).exchanged
        if joined {
          mng_isa_set(instructionSet)
          if let body { runChunks(body, as: index) }
          _ = state.wrappingSubtract(1, ordering: .acquiringAndReleasing)
          last = number
          idle = 0
        }
        continue
      }
      idle += 1
      if idle < Self.spins {
        mng_pause()
      } else {
        park(seen: seen)
        idle = 0
      }
    }
  }

  /// A few tens of microseconds: longer than the gap between two kernels of one run.
  private static let spins = 2000

  private func park(seen: UInt64) {
    parked.wrappingAdd(1, ordering: .sequentiallyConsistent)
    signal.wait {
      state.load(ordering: .sequentiallyConsistent) & ~(Self.open - 1) == seen & ~(Self.open - 1)
        && !stopping.load(ordering: .sequentiallyConsistent)
    }
    parked.wrappingSubtract(1, ordering: .sequentiallyConsistent)
  }
}

/// The next chunk of a thread's span.
private final class Claims: Sendable {
  let next = Atomic<Int>(0)
}

/// A condition variable with its mutex.
@safe private final class Signal: @unchecked Sendable {
  // Sendable: both are made to be used from many threads.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
    unsafe condition.deallocate()
  }

  /// Sleeps until woken, unless `stillWaiting` is false; it is asked under the mutex.
  func wait(while stillWaiting: () -> Bool) {
    unsafe pthread_mutex_lock(mutex)
    if stillWaiting() { unsafe pthread_cond_wait(condition, mutex) }
    unsafe pthread_mutex_unlock(mutex)
  }

  func wakeAll() {
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }
}
