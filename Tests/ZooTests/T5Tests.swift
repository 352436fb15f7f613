import Execution
import Formats
import ModelGraph
import Tensors
import TestSupport
import Testing
import Zoo

/// T5 against transformers, on tiny siblings (`scripts/fixtures/text_decoders.py`).
@Suite struct T5Tests {
  @Test(arguments: ["t5", "t5-gated"])
  func readsAndWritesWhatT5Does(name: String) throws {
    let fixture = try DecoderFixture(name)
    #expect(fixture.model.account.isComplete)
    let written = try NumPyArrays.array("decoders/\(name)/decoder_ids.npy")
    let answer = try fixture.session(fixture.model.graph).run([
      "input_ids": fixture.ids, "attention_mask": fixture.mask, "decoder_input_ids": written,
    ])
    fixture.expectClose(try #require(answer["logits"]))
  }

  @Test(arguments: ["t5", "t5-gated"])
  func answersATextAsTransformersDoes(name: String) throws {
    let fixture = try DecoderFixture(name)
    var writer = try StepWriter(fixture, reading: [Array(fixture.ids.integers.prefix(13))])
    var ids = [0]
    while ids.count < fixture.generated.count {
      ids.append(try writer.step([[ids[ids.count - 1]]])[0].argmax)
    }
    #expect(ids == fixture.generated && Set(ids).count > 2)
  }

  @Test(arguments: ["t5", "t5-gated"], [[1, 1, 1, 1, 1, 1, 1, 1, 1], [3, 1, 5], [9]])
  func answersTextsOfDifferentLengthsInPieces(name: String, pieces: [Int]) throws {
    let fixture = try DecoderFixture(name)
    let ids = fixture.ids.integers
    let answers = try NumPyArrays.array("decoders/\(name)/decoder_ids.npy").integers
    // The second text is shorter than the first; where its padding stands does not matter
    var writer = try StepWriter(fixture, reading: [Array(ids[0..<13]), Array(ids[16..<26])])
    let (width, logits) = (fixture.logits.shape[2], fixture.logits.doubles)
    let scale = logits.map(abs).max() ?? 1
    var end = 0
    for piece in pieces {
      let rows = [0, 9].map { Array(answers[($0 + end)..<($0 + end + piece)]) }
      let found = try writer.step(rows)
      end += piece
      for (row, answer) in found.enumerated() {
        let last = (row * 9 + end) * width
        let off = zip(answer.doubles, logits[(last - width)..<last]).map { abs($0 - $1) }.max()
        #expect((off ?? .infinity) <= 1e-4 * scale, "row \(row) at \(end)")
      }
    }
  }

  @Test(arguments: ["t5", "t5-gated"], [[9], [1, 1, 1, 1, 1, 1, 1, 1, 1], [3, 1, 5]])
  func exportsAReaderAndWriterInOne(name: String, pieces: [Int]) throws {
    let fixture = try DecoderFixture(name)
    let graph = try fixture.model.configuration.buildExport().graph
    let session = try fixture.session(graph)
    var past: [String: Tensor] = [:]
    for (name, type) in session.inputs where name.hasPrefix("past_key_values.") {
      let extents = try #require(type.dimensions).enumerated().map { $1.value ?? ($0 == 0 ? 2 : 0) }
      past[name] = Tensor(zeros: try Shape(checking: extents))
    }
    let written = try NumPyArrays.array("decoders/\(name)/decoder_ids.npy")
    var (prompt, end) = (fixture.ids, 0)
    var logits: [[Float]] = [[], []]
    for piece in pieces {
      let rows = [0, 9].flatMap { written.integers[($0 + end)..<($0 + end + piece)] }
      let answers = try session.run(
        past.merging([
          "input_ids": prompt, "attention_mask": fixture.mask,
          "decoder_input_ids": Tensor(shape: [2, piece], rows.map { Int64($0) }),
        ]) { $1 })
      for name in past.keys {
        past[name] = answers["present" + name.dropFirst("past_key_values".count)]
      }
      let found = try #require(answers["logits"]).doubles.map { Float($0) }
      for row in 0..<2 {
        logits[row] += found[(row * found.count / 2)..<((row + 1) * found.count / 2)]
      }
      // What was read once is not read again
      prompt = Tensor(zeros: [2, 0], dataType: .int64)
      end += piece
    }
    fixture.expectClose(Tensor(shape: fixture.logits.shape, logits[0] + logits[1]))
  }
}
