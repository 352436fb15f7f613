import Glibc
import Synchronization

/// The temporary files that are being written, so that Ctrl-C leaves none of them behind.
public enum InterruptedOutputs {
  private static let paths = Mutex<Set<String>>([])

  public static func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }
  public static func remove(_ path: String) { paths.withLock { _ = $0.remove(path) } }

  /// From now on, an interrupt or a termination removes what is half written before the process ends.
  ///
  /// A thread of its own waits for the signal, so that no work is done inside a signal handler.
  public static func removeOnInterrupt() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    var thread = pthread_t()
    unsafe _ = pthread_create(
      &thread, nil,
      { _ in
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
        var caught: Int32 = 0
        unsafe sigwait(&signals, &caught)
        InterruptedOutputs.paths.withLock { for path in $0 { System.removeTree(path) } }
        _exit(128 + caught)
      }, nil)
  }
}
