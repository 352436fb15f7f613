import BinaryIO
import TestSupport
import Testing

@Suite struct AbandonedFilesTests {
  @Test func onlyWhatDeadWritersLeftIsRemoved() throws {
    let scratch = ScratchDirectory()
    let path = scratch.file("state.safetensors")
    // No process has a number beyond the kernel's limit of 2²²
    let dead = ["state.safetensors.partial-4194305"]
    let kept = [
      "state.safetensors.partial-1", "state.safetensors.partial-x", "other.partial-4194305",
      "state.safetensors",
    ]
    for name in dead + kept { try scratch.write(name, [1, 2, 3]) }
    let writer = try AtomicFileWriter(path: path)
    AtomicFileWriter.removeAbandoned(path)
    #expect(
      Set(System.names(in: scratch.path))
        == Set(kept + [System.lastComponent(writer.temporaryPath)]))
  }

  @Test func recordsStayBehindOneAnother() throws {
    let scratch = ScratchDirectory()
    let path = scratch.file("log")
    try AppendingFile(path: path).append("one\n")
    let file = try AppendingFile(path: path)
    try file.append("two\n")
    #expect(try MappedFile(path: path).bytes.utf8() == "one\ntwo\n")
    try file.clear()
    try file.append("three\n")
    #expect(try MappedFile(path: path).bytes.utf8() == "three\n")
    #expect(throws: DataError.self) { try AppendingFile(path: scratch.file("none/log")) }
  }
}
