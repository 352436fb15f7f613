import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes elements ahead of the one who takes them, on threads of its own, and gives them in their order.
///
/// What an element is depends on its number alone, so that the number of threads changes nothing.
@safe public final class Prefetcher<Element: Sendable>: @unchecked Sendable {
  // Sendable: all that changes is read and written under `mutex`.

  public let count: Int
  private let depth: Int
  private let make: @Sendable (Int) -> Element
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var ready: [Int: Element] = [:]
  private var claimed = 0
  private var taken = 0
  private var isStopping = false
  private var workers: [NativeThread] = []

  /// - Parameters:
  ///   - depth: how many elements may be made before they are taken.
  ///   - threads: how many make them; 0 makes each when it is taken.
  public init(
    count: Int, depth: Int = 4, threads: Int = 1, _ make: @escaping @Sendable (Int) -> Element
  ) {
    precondition(count >= 0 && depth > 0 && threads >= 0)
    self.count = count
    self.depth = depth
    self.make = make
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(changed, nil)
    for _ in 0..<min(threads, count) {
      // Nobody keeps the prefetcher alive: its end is what ends its threads
      unowned(unsafe) let prefetcher = self
      guard let thread = NativeThread({ unsafe prefetcher.work() }) else { break }
      workers.append(thread)
    }
  }

  deinit {
    locked {
      isStopping = true
      unsafe pthread_cond_broadcast(changed)
    }
    for thread in workers { thread.join() }
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
    unsafe changed.deallocate()
  }

  /// The next element; nil when all have been taken.
  public func next() -> Element? {
    unsafe pthread_mutex_lock(mutex)
    let place = taken
    guard place < count else {
      unsafe pthread_mutex_unlock(mutex)
      return nil
    }
    taken += 1
    if workers.isEmpty {
      unsafe pthread_mutex_unlock(mutex)
      return make(place)
    }
    unsafe pthread_cond_broadcast(changed)
    while ready[place] == nil { unsafe pthread_cond_wait(changed, mutex) }
    let element = ready.removeValue(forKey: place)
    unsafe pthread_mutex_unlock(mutex)
    return element
  }

  private func work() {
    while true {
      unsafe pthread_mutex_lock(mutex)
      while !isStopping, claimed < count, claimed >= taken + depth {
        unsafe pthread_cond_wait(changed, mutex)
      }
      guard !isStopping, claimed < count else {
        unsafe pthread_mutex_unlock(mutex)
        return
      }
      let place = claimed
      claimed += 1
      unsafe pthread_mutex_unlock(mutex)
      let element = make(place)
      locked {
        ready[place] = element
        unsafe pthread_cond_broadcast(changed)
      }
    }
  }

  private func locked(_ body: () -> Void) {
    unsafe pthread_mutex_lock(mutex)
    body()
    unsafe pthread_mutex_unlock(mutex)
  }
}
