import Glibc

/// The few things that we ask of the system beside files.
public enum System {
  /// The value of an environment variable; nil when it is not set.
  public static func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// The columns of the terminal behind stdout; nil when there is none.
  public static var terminalColumns: Int? {
    var size = winsize()
    let known = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return known ? Int(size.ws_col) : nil
  }

  public static var hasTerminalOutput: Bool { isatty(STDOUT_FILENO) == 1 }
  public static var hasTerminalErrors: Bool { isatty(STDERR_FILENO) == 1 }
  public static var hasTerminalInput: Bool { isatty(STDIN_FILENO) == 1 }

  /// Writes to stdout at once, behind what was printed before.
  public static func writeOutput(_ text: String) {
    print(text, terminator: "")
    _ = fflush(nil)
  }

  /// Writes to stderr at once.
  public static func writeError(_ text: String) {
    let bytes = Array(text.utf8)
    unsafe bytes.withUnsafeBytes { unsafe _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Ends the process with what stdout holds written out, but without taking memory apart.
  public static func exit(_ status: Int32) -> Never {
    _ = fflush(nil)
    _exit(status)
  }

  /// Does nothing for a while, whatever signals come meanwhile.
  public static func pause(seconds: Double) {
    var time = timespec(
      tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    var rest = timespec()
    while unsafe nanosleep(&time, &rest) != 0, errno == EINTR { time = rest }
  }

  /// Seconds of a clock that only goes forward.
  public static var seconds: Double {
    var time = timespec()
    unsafe _ = clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Seconds since 1970.
  public static var secondsSince1970: Double {
    var time = timespec()
    unsafe _ = clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  public static var processNumber: Int { Int(getpid()) }

  /// The most memory that the process has held, in bytes.
  public static var peakResidentBytes: Int {
    var usage = rusage()
    unsafe _ = getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  /// Whether `path` is a directory; nil when there is nothing.
  public static func isDirectory(_ path: String) -> Bool? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// - Throws: `.unwritable` when something has this name already, or the folder above is not there.
  public static func createDirectory(_ path: String) throws {
    guard unsafe mkdir(path, 0o755) == 0 else {
      throw DataError(.unwritable, "cannot be created: \(systemMessage())", path: path)
    }
  }

  /// The size of the file at `path` in bytes; of a directory, that of the files in it.
  public static func byteCount(_ path: String) -> Int {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return 0 }
    guard status.st_mode & S_IFMT == S_IFDIR else { return status.st_size }
    return names(in: path).reduce(0) { sum, name in
      var inner = stat()
      return unsafe stat("\(path)/\(name)", &inner) == 0 && inner.st_mode & S_IFMT == S_IFREG
        ? sum + inner.st_size : sum
    }
  }

  /// The names in a directory, sorted; none when it cannot be read.
  public static func names(in path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe _ = closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The last component of a path.
  public static func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// A path as that of a file; the root stays what it is.
  public static func withoutTrailingSlashes(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}

extension System {
  /// The date and time of day, in the time zone of the system.
  public static var localTime:
    (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int)
  {
    var seconds = time(nil)
    var parts = unsafe tm()
    unsafe _ = localtime_r(&seconds, &parts)
    return unsafe (
      Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday), Int(parts.tm_hour),
      Int(parts.tm_min), Int(parts.tm_sec)
    )
  }
}
