import BinaryIO
import Formats
import JSON
import ModelGraph
import ONNXConverter
import OrderedCollections
import TestSupport
import Testing

/// The standard's own cases: each is read, computed and compared; then written, read and computed again.
@Suite struct NodeCaseTests {
  /// Cases that are about something which we refuse, with words of the reason.
  static let refused: [String: String] = [
    "batchnorm_epsilon_training_mode": "trained", "batchnorm_example_training_mode": "trained",
    "training_dropout": "trained", "training_dropout_default": "trained",
    "training_dropout_default_mask": "trained", "training_dropout_mask": "trained",
    "training_dropout_zero_ratio": "trained", "training_dropout_zero_ratio_mask": "trained",
  ]

  static let operators = (try? NodeCaseTests.cases.map(\.name)) ?? []

  static var cases: [(name: String, cases: [String: JSONValue])] {
    get throws {
      let document = try JSONValue(parsing: Fixtures.bytes("onnx-node/cases.json"))
      return (document.object ?? [:]).map { name, cases in
        (name, Dictionary(uniqueKeysWithValues: (cases.object ?? [:]).map { ($0, $1) }))
      }
    }
  }

  @Test(arguments: operators)
  func agreesWithTheStandard(operator name: String) throws {
    let cases = try #require(NodeCaseTests.cases.first { $0.name == name }).cases
    let scratch = ScratchDirectory()
    for (test, tolerance) in cases.sorted(by: { $0.key < $1.key }) {
      let checkpoint = try ONNXFormat().read(Fixtures.path("onnx-node/\(test).onnx"))
      if let words = NodeCaseTests.refused[test] {
        let opaque = checkpoint.graph?.nodes.compactMap { $0.operator as? OpaqueOperator }
        #expect(opaque?.first?.reason.contains(words) == true, "\(test)")
        continue
      }
      let answers = Fixtures.path("onnx-node/\(test).npz")
      let relative = tolerance["rtol"]?.double ?? 1e-3
      let absolute = tolerance["atol"]?.double ?? 1e-7
      do {
        try expectAgreement(checkpoint, with: answers, relative: relative, absolute: absolute)
        _ = try ONNXFormat().write(checkpoint, to: scratch.file("again.onnx"))
        let again = try ONNXFormat().read(scratch.file("again.onnx"))
        try expectAgreement(again, with: answers, relative: relative, absolute: absolute)
      } catch {
        Issue.record("\(test): \(error)")
      }
    }
  }

  @Test func refusesWhatItSays() throws {
    let all = Set(try NodeCaseTests.cases.flatMap(\.cases.keys))
    #expect(all.isSuperset(of: NodeCaseTests.refused.keys))
    #expect(all.count > 500)
  }
}
