import BinaryIO
import Formats
import Glibc
import ONNXConverter
import Tensors
import TestSupport
import Testing

@Suite struct ExternalDataTests {
  private let scratch = ScratchDirectory()

  private func read(_ entries: [(String, String)]) throws -> Checkpoint {
    var model = TestModel.linear
    let external = entries.flatMap { Proto.bytes(13, Proto.text(1, $0.0) + Proto.text(2, $0.1)) }
    model.initializers[1] = TestModel.tensor(
      "fc.bias", [3], type: 1, external + Proto.number(14, 1))
    return try ONNXFormat().read(scratch.write("model.onnx", model.bytes))
  }

  private func bias(_ entries: [(String, String)]) throws -> Tensor {
    try read(entries).tensors[1].load()
  }

  private var weights: [UInt8] {
    [0, 0, 0, 0] + ([1, 2, 3] as [Float]).flatMap { TestModel.little($0.bitPattern) }
  }

  @Test func mapsAFileBeside() throws {
    try scratch.write("weights.bin", weights)
    #expect(
      try bias([("location", "weights.bin"), ("offset", "4"), ("length", "12")]).floats == [
        1, 2, 3,
      ])
    #expect(try bias([("location", "weights.bin"), ("offset", "4")]).floats == [1, 2, 3])
  }

  @Test(arguments: ["/etc/passwd", "../weights.bin", "a/../../weights.bin", "", "a//b"])
  func neverLeavesTheFolder(location: String) throws {
    let checkpoint = try read([("location", location), ("length", "12")])
    #expect(throws: DataError.self) { try checkpoint.tensors[1].load() }
    #expect(checkpoint.security == [SecurityFinding(kind: "external-path", name: location)])
  }

  @Test func followsNoLinks() throws {
    try scratch.write("weights.bin", weights)
    unsafe _ = symlink(scratch.file("weights.bin"), scratch.file("soft.bin"))
    #expect(throws: DataError.self) { try bias([("location", "soft.bin"), ("length", "12")]) }
    unsafe _ = link(scratch.file("weights.bin"), scratch.file("hard.bin"))
    #expect(throws: DataError.self) { try bias([("location", "hard.bin"), ("length", "12")]) }
  }

  @Test(arguments: [
    ("18446744073709551000", "12"), ("-4", "12"), ("8", "12"), ("0", "x"), ("0", "-1"), ("0", "16"),
  ])
  func rejectsPlacesOutside(offset: String, length: String) throws {
    try scratch.write("weights.bin", weights)
    #expect(throws: DataError.self) {
      try bias([("location", "weights.bin"), ("offset", offset), ("length", length)])
    }
  }

  @Test func namesAnAbsentFile() throws {
    let error = #expect(throws: DataError.self) { try bias([("location", "nowhere.bin")]) }
    #expect(error?.code == .notFound)
    #expect(error?.found.contains("nowhere.bin") == true)
  }
}
