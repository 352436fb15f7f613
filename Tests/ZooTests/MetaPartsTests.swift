import BinaryIO
import Converters
import Execution
import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Zoo

/// Large models as Meta publishes them: in parts, one a device.
@Suite struct MetaPartsTests {
  @Test(arguments: [
    ("llama-parts", ["joined from 2 parts"]),
    (
      "llama-copies",
      [
        "joined from 2 parts", "each head of keys and values is in 2 parts, and was taken once",
      ]
    ),
  ])
  func joinsThePartsOfSeveralDevices(name: String, notes: [String]) throws {
    let checkpoint = try FormatRegistry.read(Fixtures.path("decoders/\(name)"))
    #expect(checkpoint.notes == notes)
    let recognised = Catalogue.standard.recognise(
      checkpoint.normalised, sidecars: checkpoint.sidecars)
    let model = try #require(recognised).model(
      weights: checkpoint.normalised, sidecars: checkpoint.sidecars)
    #expect(model.dialect == .meta && model.account.isComplete)
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(weights[$0]).load() }
    let answer = try session.run([
      "input_ids": NumPyArrays.array("decoders/\(name)/ids.npy"),
      "attention_mask": NumPyArrays.array("decoders/\(name)/mask.npy"),
    ])
    let (logits, golden) = (
      try #require(answer["logits"]), try NumPyArrays.array("decoders/\(name)/logits.npy")
    )
    let off = zip(logits.doubles, golden.doubles).map { abs($0 - $1) }.max() ?? .infinity
    #expect(logits.shape == golden.shape && off <= 1e-4, "off by \(off)")
  }

  @Test func namesCopiesThatDiffer() throws {
    let scratch = ScratchDirectory()
    try System.createDirectory(scratch.file("m"))
    // The second part is another model's, of the same shapes
    for source in [
      "llama-copies/consolidated.00.pth", "llama-parts/consolidated.01.pth",
      "llama-copies/params.json",
    ] {
      let bytes = try MappedFile(path: Fixtures.path("decoders/\(source)")).bytes.array
      try scratch.write("m/\(System.lastComponent(source))", bytes)
    }
    #expect {
      _ = try FormatRegistry.read(scratch.file("m"))
    } throws: {
      "\($0)".contains("'layers.0.attention.wk.weight': is not the same in parts 0 and 1")
    }
  }

  @Test(arguments: [
    (["0"], "1 of 2 parts are missing, 'consolidated.01.pth' the first"),
    (["1"], "'consolidated.00.pth' is missing"),
  ])
  func namesThePartThatIsMissing(parts: [String], problem: String) throws {
    let scratch = ScratchDirectory()
    try System.createDirectory(scratch.file("m"))
    for name in parts.map({ "consolidated.0\($0).pth" }) + ["params.json"] {
      let bytes = try MappedFile(path: Fixtures.path("decoders/llama-parts/\(name)")).bytes
      let file = try AtomicFileWriter(path: scratch.file("m/\(name)"))
      try file.write(bytes)
      try file.commit()
    }
    #expect {
      _ = try FormatRegistry.read(scratch.file("m"))
    } throws: {
      "\($0)" == "\(scratch.file("m")): \(problem); fetch all files of the model"
    }
  }
}
