import BinaryIO
import Glibc
import TestSupport
import Testing

/// Ctrl-C in the middle of a conversion, with the real program.
@Suite(.serialized) struct InterruptionClaims {
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP], ["pytorch", "npz"])
  func leavesNothingBehind(signal: Int32, format: String) throws {
    let folder = ScratchDirectory()
    let source = try largeCheckpoint(in: folder)
    try folder.write("result", Array("older".utf8))
    let child = try Child([
      "convert", source, folder.file("result"), "--to", format,
    ])
    child.waitUntil { folder.names.contains { $0.contains(".staged-") } }
    child.send(signal)
    #expect(child.wait() == .signalled(signal))
    #expect(folder.names == ["large.safetensors", "result"])
    #expect(try MappedFile(path: folder.file("result")).bytes.array == Array("older".utf8))
  }

  @Test func anIgnoredSignalStaysIgnored() throws {
    let folder = ScratchDirectory()
    let source = try largeCheckpoint(in: folder, megabytes: 16)
    let child = try Child(["convert", source, folder.file("result.npz")], ignoring: SIGHUP)
    child.waitUntil { folder.names.contains { $0.contains(".staged-") } }
    child.send(SIGHUP)
    #expect(child.wait() == .exited(0))
    #expect(folder.names == ["large.safetensors", "result.npz"])
  }

  /// A file in one tensor, so large that writing takes a while.
  private func largeCheckpoint(
    in folder: ScratchDirectory, megabytes: Int = 128
  ) throws -> String {
    let count = megabytes << 20
    let entry = #""dtype":"F32","shape":[\#(count / 4)],"data_offsets":[0,\#(count)]"#
    let header = #"{"w.weight":{\#(entry)}}"#
    let writer = try AtomicFileWriter(path: folder.file("large.safetensors"))
    try writer.write(integer: UInt64(header.utf8.count))
    try writer.write(header)
    let part = [UInt8](repeating: 1, count: 1 << 20)
    for _ in 0..<(count >> 20) { try writer.write(part) }
    try writer.commit(isLasting: false)
    return folder.file("large.safetensors")
  }
}

/// The program that was built beside these tests, running.
private final class Child {
  enum End: Equatable { case exited(Int32), signalled(Int32) }
  private var process = pid_t()
  private var end: End?

  init(_ arguments: [String], ignoring ignored: Int32? = nil) throws {
    var own = [CChar](repeating: 0, count: Int(PATH_MAX))
    unsafe _ = realpath("/proc/self/exe", &own)
    let folder = String(
      decoding: own.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self
    ).split(separator: "/").dropLast()
    let program = "/" + folder.joined(separator: "/") + "/menagerie"
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
    var usual = sigset_t()
    unsafe sigemptyset(&usual)
    for number in [SIGINT, SIGTERM, SIGHUP] where number != ignored {
      unsafe sigaddset(&usual, number)
    }
    unsafe posix_spawnattr_setsigdefault(&attributes, &usual)
    // Worker threads, such as this one may be, block signals, and a child inherits that.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    let previous = ignored.map { signal($0, SIG_IGN) }
    defer { if let ignored { _ = signal(ignored, previous ?? SIG_DFL) } }
    var strings = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe strings.forEach { unsafe free($0) } }
    let status = unsafe posix_spawn(&process, program, nil, &attributes, &strings, environ)
    try #require(status == 0, "\(program) cannot be started")
  }

  /// Until the condition holds, or the program has ended.
  func waitUntil(_ condition: () -> Bool) {
    while state(WNOHANG) == nil, !condition() { usleep(500) }
  }

  func send(_ number: Int32) { kill(process, number) }
  func wait() -> End? { state(0) }

  private func state(_ options: Int32) -> End? {
    if let end { return end }
    var status: Int32 = 0
    guard unsafe waitpid(process, &status, options) == process else { return nil }
    end = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signalled(status & 0x7f)
    return end
  }

  deinit {
    guard end == nil else { return }
    kill(process, SIGKILL)
    _ = wait()
  }
}
