import BinaryIO
import Execution
import JSON
import Kernels
import ModelGraph
import Operators
import Tensors
import TestSupport
import Testing

@testable import Training

/// Losses and gradients beside PyTorch's.
@Suite struct ObjectiveTests {
  static let objectives: [(name: String, objective: any Objective)] = [
    ("token", TokenObjective()), ("tokenOfNone", TokenObjective()), ("labels", LabelsObjective()),
    ("number", NumberObjective()), ("contrastive", ContrastiveObjective()),
    ("negatives", ContrastiveObjective(columns: 3)), ("similarity", SimilarityObjective()),
  ]

  /// A model that gives its only weight.
  static func session(
    _ objective: any Objective, _ parameter: Parameter, plain: Bool
  ) throws -> TrainingSession {
    var graph = Graph(name: "identity")
    let x = graph.addParameter("x", TensorType(.float32, shape: parameter.shape))
    graph.outputs = [graph.add(Identity(), [x], name: "y")]
    var options = SessionOptions(threads: 1)
    options.isPlain = plain
    return try TrainingSession(
      graph: graph, weights: { throw DataError(.malformed, $0) }, parameters: [parameter],
      objective: objective, options: options)
  }

  @Test(arguments: objectives.map(\.name), [false, true])
  func agreesWithPyTorch(name: String, plain: Bool) throws {
    let golden = try JSONValue(parsing: Fixtures.bytes("training/objectives.json"))
    let values = try #require(golden[name])
    func floats(_ key: String) throws -> [Float] {
      try #require(values[key]?.array).compactMap { $0.double.map { Float($0) } }
    }
    func shape(_ key: String) throws -> Shape {
      Shape(try #require(values[key]?.array).compactMap(\.integer))
    }
    let objective = try #require(Self.objectives.first { $0.name == name }?.objective)
    let parameter = Parameter(name: "x", Tensor(shape: try shape("shape"), try floats("output")))
    let session = try Self.session(objective, parameter, plain: plain)
    let type = try objective.targets(for: TensorType(.float32, shape: parameter.shape))
    let targets = Tensor(shape: try shape("targetShape"), try floats("targets"))
      .cast(to: try #require(type.dataType))
    #expect(type.shape == targets.shape)
    let loss = try session.step([:], targets: targets).loss
    let expected = try #require(values["loss"]?.double)
    #expect(abs(loss - expected) <= 2e-6 * max(1, abs(expected)), "\(loss), not \(expected)")
    let gradient = parameter.gradient.array
    let wanted = try floats("gradient")
    #expect(gradient.count == wanted.count)
    let largest = max(wanted.map(abs).max() ?? 0, 1e-3)
    for (index, (found, right)) in zip(gradient, wanted).enumerated() {
      #expect(abs(found - right) <= 3e-6 * largest, "[\(index)]: \(found), not \(right)")
    }
  }

  @Test func aTargetThatIsNoClassIsRefused() throws {
    let parameter = Parameter(name: "x", Tensor(shape: [1, 1, 3], [1, 2, 3] as [Float]))
    for plain in [false, true] {
      let session = try Self.session(TokenObjective(), parameter, plain: plain)
      for target in [3, -1] {
        #expect(throws: DataError.self) {
          try session.step([:], targets: Tensor(shape: [1, 1], [Int64(target)]))
        }
      }
    }
  }

  @Test func outputsThatDoNotFitAreRefused() {
    let flat = TensorType(.float32, shape: [4])
    let objectives: [any Objective] = [
      TokenObjective(), LabelsObjective(), ContrastiveObjective(), SimilarityObjective(),
      ClassObjective(),
    ]
    for objective in objectives {
      #expect(throws: DataError.self) { try objective.targets(for: flat) }
    }
    let odd = TensorType(.float32, shape: [5, 2])
    #expect(throws: DataError.self) { try ContrastiveObjective().targets(for: odd) }
    // Before the batch is known, so is the number of samples
    let open = TensorType(.float32, [.symbol("batch"), .fixed(2)])
    #expect(throws: Never.self) { try ContrastiveObjective().targets(for: open) }
  }
}

@Suite struct TextSourceTests {
  @Test(arguments: [
    (0, 0), (1, 8), (8, 8), (9, 16), (32, 32), (33, 48), (64, 64), (65, 96), (257, 320),
  ])
  func lengthsAreFew(longest: Int, length: Int) {
    #expect(BatchLength.of(longest, limit: nil) == length)
    #expect(BatchLength.of(longest, limit: longest) == longest)
  }

  @Test func textsOfASampleStandInColumns() {
    func text(_ ids: [Int]) -> TokenSequence {
      TokenSequence(ids: ids, types: ids.map { _ in 1 })
    }
    let source = TextSource(
      [[text([1]), text([2, 3])], [text([4, 5, 6]), text([7])]],
      inputs: ["input_ids", "attention_mask"], padding: 9, limit: 4
    ) { Tensor(shape: [$0.count], $0.map { Int64($0) }) }
    let batch = source.batch([1, 0], epoch: 0)
    #expect(batch.inputs.keys.sorted() == ["attention_mask", "input_ids"])
    #expect(batch.inputs["input_ids"]?.shape == [4, 4])
    #expect(
      batch.inputs["input_ids"]?.integers == [4, 5, 6, 9, 1, 9, 9, 9, 7, 9, 9, 9, 2, 3, 9, 9])
    #expect(
      batch.inputs["attention_mask"]?.integers == [1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0])
    #expect(batch.targets.integers == [1, 0] && batch.indices == [1, 0])
  }

  @Test func languageBatchesCountWhatIsLearnt() {
    let samples = [
      TokenSample(ids: [1, 2, 3], isLearnt: [false, false, true]),
      TokenSample(ids: [4, 5], isLearnt: [true, true]),
    ]
    let source = LanguageSource(samples, inputs: ["input_ids"], padding: 0, limit: nil)
    let batch = source.batch([0, 1], epoch: 0)
    #expect(batch.weight == 2 && batch.targets.shape == [2, 8])
    #expect(batch.targets.integers.prefix(3) == [-100, 3, -100])
    #expect(batch.inputs.keys.sorted() == ["input_ids"])
  }
}

@Suite struct PairDatasetTests {
  private func file(_ text: String, in scratch: ScratchDirectory) throws -> String {
    let path = scratch.file("pairs.csv")
    let writer = try AtomicFileWriter(path: path)
    try writer.write(Bytes(Array(text.utf8)))
    try writer.commit()
    return path
  }

  @Test func scoresAreSharesOfTheGreatest() throws {
    let scratch = ScratchDirectory()
    let path = try file("sentence1,sentence2,score\na,b,5\nc,d,2.5\ne,f,0\n", in: scratch)
    var options = PairDataset.Options()
    options.validationShare = 0
    let pairs = try PairDataset(path, options)
    #expect(pairs.columns == ["sentence1", "sentence2"] && pairs.scoreColumn == "score")
    #expect(pairs.training.map(\.score) == [1, 0.5, 0])
    #expect(pairs.evidence.contains { $0.contains("divided by 5") })
    #expect(DataGlance(path).texts == .init(isLanguage: false, holdsPairs: true, target: .number))
  }

  @Test func oneColumnAloneIsNoPair() throws {
    let scratch = ScratchDirectory()
    let path = try file("sentence1,sentence2,mine,other\na,b,c,d\n", in: scratch)
    for change in [
      { $0.textColumn = "mine" } as (inout PairDataset.Options) -> Void,
      { $0.pairColumn = "mine" },
    ] {
      var options = PairDataset.Options()
      change(&options)
      let error = #expect(throws: DataError.self) { try PairDataset(path, options) }
      #expect(error?.found == "one column of texts is named, 'mine'")
      #expect(error?.expected == "both or none")
    }
    var options = PairDataset.Options()
    (options.textColumn, options.pairColumn) = ("mine", "other")
    #expect(try PairDataset(path, options).columns == ["mine", "other"])
  }

  /// 0 is an entailment there: the reverse of a likeness.
  @Test func labelsOfInferenceAreNoLikeness() throws {
    let scratch = ScratchDirectory()
    let path = try file("premise,hypothesis,label\na,b,0\nc,d,2\n", in: scratch)
    let pairs = try PairDataset(path)
    #expect(pairs.scoreColumn == nil)
    #expect(pairs.evidence.contains { $0.hasPrefix("'label' is left out") })
    var options = PairDataset.Options()
    options.scoreColumn = "label"
    #expect(try PairDataset(path, options).scoreColumn == "label")
    let other = try file("sentence1,sentence2,label\na,b,0\nc,d,2\n", in: scratch)
    #expect(try PairDataset(other).scoreColumn == "label")
  }

  @Test func answersMayHaveWhatOnlySeemsToAnswer() throws {
    let scratch = ScratchDirectory()
    let path = try file("query,positive,negative\na,b,c\nd,e,\n", in: scratch)
    let error = #expect(throws: DataError.self) { try PairDataset(path) }
    #expect(
      error?.description.contains("line 3") == true, "\(error.map(String.init(describing:)) ?? "")")
    var options = PairDataset.Options()
    options.skipsBad = true
    options.validationShare = 0
    let pairs = try PairDataset(path, options)
    #expect(pairs.training.map(\.texts) == [["a", "b", "c"]] && pairs.skipped.count == 1)
    #expect(DataGlance(path).texts == .init(isLanguage: false, holdsPairs: true, target: nil))
  }

  @Test func filesSayWhatTheyAreFor() throws {
    let scratch = ScratchDirectory()
    func texts(_ text: String) throws -> DataGlance.Texts? {
      try DataGlance(file(text, in: scratch)).texts
    }
    #expect(
      try texts("text,label\na,x\nb,y\nc,x\nd,y\n")
        == .init(isLanguage: false, holdsPairs: false, target: .label))
    #expect(
      try texts("text,score\na,0.5\nb,1.5\nc,2.5\n")
        == .init(isLanguage: false, holdsPairs: false, target: .number))
    let language = DataGlance.Texts(isLanguage: true, holdsPairs: false, target: nil)
    #expect(try texts("prompt,completion\na,b\nc,d\n") == language)
    #expect(try texts("text\na\nb\n") == language)
    // What it is for depends on the model
    #expect(
      try texts("question,answer\na,b\nc,d\n")
        == .init(isLanguage: true, holdsPairs: true, target: nil))
    #expect(try texts("") == nil)
    #expect(DataGlance(scratch.file("nothing.npz")).texts == nil)
  }
}
