import BinaryIO
import CHDF5
import Glibc

/// The one door to libhdf5, which is not thread-safe: everything that calls it runs in `exclusively`.
enum HDF5Library {
  private static let door = Door()

  /// Runs `body` while no other thread is inside the library. May be nested.
  static func exclusively<T>(_ body: () throws -> T) rethrows -> T {
    door.lock()
    defer { door.unlock() }
    // Each thread has an error stack of its own, which would print itself
    mng_h5_be_quiet()
    return try body()
  }

  /// The identifier of a driver that reads a file from memory.
  static var memoryDriver: hid_t { exclusively { door.memoryDriver } }
}

/// A recursive lock, and what the library is told before its first use.
@safe
private final class Door: @unchecked Sendable {
  // Sendable: `driver` is touched only while the lock is held
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var driver: hid_t = -1

  init() {
    var attributes = pthread_mutexattr_t()
    unsafe pthread_mutexattr_init(&attributes)
    unsafe pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_RECURSIVE))
    unsafe pthread_mutex_init(mutex, &attributes)
    unsafe pthread_mutexattr_destroy(&attributes)
    // The program ends without the library's own cleaning up: open files are read-only memory
    H5dont_atexit()
    H5open()
    // Filters are never loaded from a stranger's folder, links never lead out of a file
    H5PLset_loading_state(0)
    H5Lunregister(H5L_TYPE_EXTERNAL)
    driver = HDF5MemoryDriver.register()
  }

  func lock() { unsafe _ = pthread_mutex_lock(mutex) }
  func unlock() { unsafe _ = pthread_mutex_unlock(mutex) }
  var memoryDriver: hid_t { driver }
}

/// One of the library's identifiers, closed with its last reference.
final class HDF5Handle: Sendable {
  let id: hid_t
  private let close: @Sendable (hid_t) -> herr_t

  /// - Throws: `.malformed` with `found` when the library gave no identifier.
  init(
    _ id: hid_t, closedBy close: @escaping @Sendable (hid_t) -> herr_t,
    orThrow found: @autoclosure () -> String
  ) throws {
    guard id >= 0 else { throw DataError(.malformed, found(), expected: "HDF5") }
    self.id = id
    self.close = close
  }

  deinit { HDF5Library.exclusively { _ = close(id) } }
}
