import Execution
import Formats
import Menagerie
import Tensors
import TestSupport
import Testing

@Suite struct GenerativeBenchmarkClaims {
  @Test func aStepReadsEachMatrixOnce() throws {
    let model = try Model(contentsOf: Fixtures.path("decoders/llama"))
    #expect(GenerativeBenchmark.accepts(model))
    let bench = try GenerativeBenchmark(
      model, promptTokens: 5, options: SessionOptions(threads: 1))
    // Of the table of the tokens a step reads a row; its head is another matrix.
    let matrices = model.weights.map(\.entry).filter {
      $0.shape.rank == 2 && $0.name != "model.embed_tokens.weight"
    }
    #expect(bench.weightBytes == matrices.reduce(0) { $0 + $1.byteCount })
    #expect(bench.batch == 1 && bench.threads == 1 && bench.promptTokens == 5)
  }

  @Test func takesDecodersOnly() throws {
    #expect(!GenerativeBenchmark.accepts(try Model(contentsOf: Fixtures.path("decoders/t5"))))
    #expect(!GenerativeBenchmark.accepts(try Model(contentsOf: Digits.torch)))
  }
}
