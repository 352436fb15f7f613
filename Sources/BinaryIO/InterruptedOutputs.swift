import Glibc
import Synchronization

/// The temporary files that are being written, so that Ctrl-C leaves none of them behind.
public enum InterruptedOutputs {
  private static let paths = Mutex<Set<String>>([])
  /// Where a signal's handler writes the signal's number; the thread that waits reads from the other end.
  private static let writingEnd = Atomic<Int32>(-1)

  private static let words = Mutex<String?>(nil)

  /// What is said when the process is ended from outside; nothing when nil.
  public static func say(_ text: String?) { words.withLock { $0 = text } }

  /// To be called before the file is made.
  public static func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }
  public static func remove(_ path: String) { paths.withLock { _ = $0.remove(path) } }

  /// From now on, an interrupt or a termination removes what is half written before the process ends by it.
  ///
  /// The handler only wakes a thread that does the work; so it does not matter which thread the signal finds.
  /// A signal that the process was started to ignore (`nohup`) stays ignored.
  public static func removeOnInterrupt() {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return }
    writingEnd.store(ends[1], ordering: .releasing)
    guard startThread(readingFrom: ends[0]) else { return }
    // A file that grows past the limit is an error of the write, not the end
    _ = signal(SIGXFSZ, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var known = sigaction()
      guard unsafe sigaction(number, nil, &known) == 0,
        unsafe unsafeBitCast(known.__sigaction_handler.sa_handler, to: Int.self)
          != unsafeBitCast(SIG_IGN, to: Int.self)
      else { continue }
      _ = signal(number) { caught in
        let saved = errno
        var byte = UInt8(truncatingIfNeeded: caught)
        unsafe _ = write(InterruptedOutputs.writingEnd.load(ordering: .acquiring), &byte, 1)
        errno = saved
      }
    }
  }

  private static func startThread(readingFrom end: Int32) -> Bool {
    let argument = unsafe UnsafeMutableRawPointer(bitPattern: Int(end) + 1)
    var thread = pthread_t()
    return unsafe pthread_create(
      &thread, nil,
      { argument in
        let end = Int32(Int(bitPattern: argument) - 1)
        var byte: UInt8 = 0
        while unsafe read(end, &byte, 1) != 1 { guard errno == EINTR else { return nil } }
        InterruptedOutputs.removeAll(endingBy: Int32(byte))
      }, argument) == 0
  }

  /// Nobody can add a path any more: the lock is held until the process is no more.
  private static func removeAll(endingBy number: Int32) -> Never {
    paths.withLock { paths in
      // The longest first: what is written inside a staged output has a longer name.
      for path in paths.sorted(by: { $0.utf8.count > $1.utf8.count }) { System.removeTree(path) }
      if let words = words.withLock({ $0 }) {
        // The terminal writes ^C into a line that is begun
        System.writeError((number == SIGINT ? "\n" : "") + words + "\n")
      }
      _ = signal(number, SIG_DFL)
      kill(getpid(), number)
      sleep(1)
      _exit(128 + number)
    }
  }
}
