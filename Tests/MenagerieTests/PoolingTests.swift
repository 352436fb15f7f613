import BinaryIO
import Formats
import JSON
import OrderedCollections
import Testing

@testable import Menagerie

@Suite struct PoolingClaims {
  /// Three tokens of two values.
  private let rows: [Float] = [1, -2, 3, 4, 5, -6]

  private static let poolings: [(Pooling.Mode, [Float])] = [
    (.first, [1, -2]), (.last, [5, -6]), (.mean, [3, -4.0 / 3]), (.maximum, [5, 4]),
    (.weightedMean, [22.0 / 6, -2]),
    (.meanOfSquareRoot, [9 / Float(3).squareRoot(), -4 / Float(3).squareRoot()]),
  ]

  @Test(arguments: poolings)
  func givesOneVector(mode: Pooling.Mode, expected: [Float]) {
    let vector = Pooling([mode], normalises: false)(rows[...], count: 3, width: 2)
    #expect(zip(vector, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(vector)")
  }

  @Test func looksAtTheTextsOwnTokensOnly() {
    #expect(Pooling([.mean], normalises: false)(rows[...], count: 1, width: 2) == [1, -2])
    #expect(Pooling([.mean], normalises: false)(rows[2...], count: 1, width: 2) == [3, 4])
  }

  @Test func severalModesStandSideBySide() {
    #expect(
      Pooling([.first, .last], normalises: false)(rows[...], count: 3, width: 2) == [1, -2, 5, -6])
  }

  @Test func normalisedVectorsHaveLengthOne() {
    let vector = Pooling([.mean])(rows[...], count: 3, width: 2)
    #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
    #expect(Pooling([.mean])([0, 0], count: 1, width: 2) == [0, 0])
  }

  private func checkpoint(_ files: [String: JSONValue]) -> Checkpoint {
    var checkpoint = Checkpoint(format: "huggingface", tensors: [])
    for (name, json) in files {
      checkpoint.companions[name] = Companion(Bytes(Array(json.text().utf8)))
    }
    return checkpoint
  }

  @Test func readsTheModulesOfSentenceTransformers() throws {
    let modules: JSONValue = [
      ["type": "sentence_transformers.models.Transformer", "path": ""],
      ["type": "sentence_transformers.models.Pooling", "path": "1_Pooling"],
    ]
    let normalise: JSONValue = ["type": "sentence_transformers.models.Normalize", "path": "2_N"]
    let config: JSONValue = ["pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false]
    #expect(
      try Pooling(
        companions: checkpoint(["modules.json": modules, "1_Pooling/config.json": config]))
        == Pooling([.first], normalises: false))
    let all = JSONValue.array((modules.array ?? []) + [normalise])
    #expect(
      try Pooling(companions: checkpoint(["modules.json": all, "1_Pooling/config.json": config]))
        == Pooling([.first], normalises: true))
    #expect(try Pooling(companions: checkpoint([:])) == nil)
  }

  @Test func namesAModuleThatIsNotComputed() {
    let modules: JSONValue = [["type": "sentence_transformers.models.Dense", "path": "2_Dense"]]
    #expect {
      try Pooling(companions: checkpoint(["modules.json": modules]))
    } throws: {
      ($0 as? DataError)?.code == .unsupported
        && "\($0)".contains("sentence_transformers.models.Dense")
    }
  }
}

@Suite struct TextGroupClaims {
  @Test func everyTextIsInOneGroupOfAboutItsLength() {
    let lengths = [5, 300, 7, 8, 9, 300, 1, 2000]
    let groups = TextModel.groups(lengths, tokens: 600)
    #expect(groups.flatMap(\.self).sorted() == Array(lengths.indices))
    for group in groups {
      #expect(Set(group.map { (lengths[$0] + 7) / 8 }).count == 1)
      #expect(group.count == 1 || group.count * ((lengths[group[0]] + 7) / 8 * 8) <= 600)
    }
    #expect(groups.count == 5)
  }
}
