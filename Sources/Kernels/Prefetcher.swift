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
  private var workers: [pthread_t] = []

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
      let context = unsafe Unmanaged.passRetained(
        ThreadBody { [unowned(unsafe) self] in unsafe self.work() }
      )
      .toOpaque()
      #if canImport(Darwin)
        var thread: pthread_t?
      #else
        var thread = pthread_t()
      #endif
      let status = unsafe pthread_create(
        &thread, nil,
        { context in
          #if canImport(Darwin)
            unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().body()
          #else
            guard let context = unsafe context else { return nil }
            unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().body()
          #endif
          return nil
        }, context)
      guard status == 0 else {
        unsafe Unmanaged<ThreadBody>.fromOpaque(context).release()
        break
      }
      #if canImport(Darwin)
        if let thread = unsafe thread { unsafe workers.append(thread) }
      #else
        workers.append(thread)
      #endif
    }
  }

  deinit {
    locked {
      isStopping = true
      unsafe pthread_cond_broadcast(changed)
    }
    for thread in workers { _ = pthread_join(thread, nil) }
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

/// What a thread does with its life.
private final class ThreadBody {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}
