import BinaryIO
import Converters
import Menagerie
import TestSupport
import Testing

/// A `config.json` that is not of the weights beside it.
@Suite struct ContradictionTests {
  private func directory(_ config: String, in scratch: ScratchDirectory) throws -> String {
    let path = scratch.file("model")
    try System.createDirectory(path)
    for (name, bytes) in [
      ("config.json", Bytes(Array(config.utf8))),
      (
        "model.safetensors",
        try MappedFile(path: Fixtures.path("encoders/bert-tokens/model.safetensors")).bytes
      ),
    ] {
      let writer = try AtomicFileWriter(path: "\(path)/\(name)")
      try writer.write(bytes)
      try writer.commit()
    }
    return path
  }

  @Test func convertSaysWhyWeightsAloneAreWritten() throws {
    let scratch = ScratchDirectory()
    let source = try directory(#"{"model_type":"bert","hidden_size":9999}"#, in: scratch)
    for name in ["out.npz", "out.gguf", "out.safetensors"] {
      let report = try Converter().convert(source, to: scratch.file(name))
      #expect(report.notes.contains { $0.contains("contradicts the weights: hidden_size is 9999") })
    }
    // A format that holds the network refuses, and says the same
    let error = #expect(throws: DataError.self) {
      try Converter().convert(source, to: scratch.file("out.onnx"))
    }
    #expect(error?.description.contains("hidden_size is 9999") == true)
  }
}
