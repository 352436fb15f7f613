import BinaryIO
import Formats
import JSON
import ModelGraph
import ONNXConverter
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// Files that the real exporters wrote.
@Suite struct FixtureTests {
  static let expected =
    (try? JSONValue(parsing: Fixtures.bytes("onnx/expected.json")))?.object ?? [:]

  @Test(arguments: expected.keys.sorted())
  func findsEveryTensor(file: String) throws {
    let checkpoint = try ONNXFormat().read(Fixtures.path("onnx/\(file)"))
    let tensors = Dictionary(uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0) })
    for (name, wanted) in FixtureTests.expected[file]?["tensors"]?.object ?? [:] {
      let tensor = try #require(tensors[name], "\(name)").load()
      #expect(tensor.dataType.rawValue == wanted["dtype"]?.string, "\(name)")
      #expect(tensor.shape.dimensions == wanted["shape"]?.integers, "\(name)")
      #expect(tensor.sha256 == wanted["sha256"]?.string, "\(name)")
    }
  }

  @Test(arguments: expected.keys.sorted().filter { expected[$0]?["outputs"] != nil })
  func computesWhatTheExporterDid(file: String) throws {
    let checkpoint = try ONNXFormat().read(Fixtures.path("onnx/\(file)"))
    let answers = Fixtures.path("onnx/\(file.replacingSuffix(".onnx", by: ".npz"))")
    try expectAgreement(checkpoint, with: answers, absolute: file == "half.onnx" ? 2e-3 : 1e-5)
  }

  @Test(arguments: expected.keys.sorted())
  func writesTheSameTensors(file: String) throws {
    let scratch = ScratchDirectory()
    let checkpoint = try ONNXFormat().read(Fixtures.path("onnx/\(file)"))
    let report = try ONNXFormat().write(checkpoint, to: scratch.file("out.onnx"))
    #expect(report.map(\.source) == checkpoint.tensors.map(\.name))
    let again = try ONNXFormat().read(scratch.file("out.onnx"))
    #expect(again.tensors.map(\.name) == checkpoint.tensors.map(\.name))
    for (before, after) in zip(checkpoint.tensors, again.tensors) {
      #expect(try before.load().isBitEqual(to: after.load()), "\(before.name)")
    }
    if file != "types.onnx", file != "sparse.onnx" {
      let answers = Fixtures.path("onnx/\(file.replacingSuffix(".onnx", by: ".npz"))")
      try expectAgreement(again, with: answers, absolute: file == "half.onnx" ? 2e-3 : 1e-5)
    }
    _ = try ONNXFormat().write(checkpoint, to: scratch.file("twice.onnx"))
    let (one, two) = (scratch.file("out.onnx"), scratch.file("twice.onnx"))
    #expect(try MappedFile(path: one).bytes.elementsEqual(MappedFile(path: two).bytes))
  }

  @Test(arguments: [
    ("cycle", "cycle"), ("missing-initializer", "nowhere defined"),
    ("twice-written", "defined twice"),
  ])
  func saysWhatIsBroken(file: String, words: String) throws {
    let checkpoint = try ONNXFormat().read(Fixtures.path("onnx/\(file).onnx"))
    let error = try #require(checkpoint.graphError)
    #expect(error.description.contains(words))
    #expect(ONNXFormat().obstacle(to: checkpoint)?.description == error.description)
  }

  @Test func namesTensorsOfTypesThatWeHaveNot() throws {
    let error = #expect(throws: DataError.self) {
      try ONNXFormat().read(Fixtures.path("onnx/types-refused.onnx"))
    }
    #expect(error?.code == .unsupported)
    #expect(error?.subject == "tensor 'typed.string'")
  }

  @Test func namesWhatItCannotRun() throws {
    let checkpoint = try ONNXFormat().read(Fixtures.path("onnx/unknown-operator.onnx"))
    let opaque = checkpoint.graph?.nodes.compactMap { $0.operator as? OpaqueOperator } ?? []
    #expect(!opaque.isEmpty)
  }

  @Test func reportsPathsThatLeadOutside() throws {
    let checkpoint = try ONNXFormat().read(Fixtures.path("onnx/external-outside.onnx"))
    #expect(checkpoint.security.map(\.kind) == ["external-path"])
  }

  /// Damaged copies of real files are read or refused; nothing else happens.
  @Test(arguments: ["torchscript", "functions", "shape-arithmetic", "types", "sparse"])
  func survivesDamage(file: String) throws {
    let good = try Fixtures.bytes("onnx/\(file).onnx").array
    let scratch = ScratchDirectory()
    var random = SeededRandom(seed: 11)
    for _ in 0..<600 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      let path = try scratch.write("mutant.onnx", bytes)
      do {
        let checkpoint = try ONNXFormat().read(path)
        for tensor in checkpoint.tensors { _ = try? tensor.load() }
        _ = ONNXFormat().obstacle(to: checkpoint)
      } catch is DataError {}
    }
  }
}

extension String {
  func replacingSuffix(_ suffix: String, by other: String) -> String {
    hasSuffix(suffix) ? dropLast(suffix.count) + other : self
  }
}
