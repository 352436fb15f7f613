import JSON
import OrderedCollections
import TestSupport
import Testing
import Training

/// The numbers of scikit-learn and SciPy: `scripts/fixtures/training_metrics.py`.
@Suite struct MetricTests {
  let golden: JSONValue

  init() throws { golden = try JSONValue(parsing: Fixtures.bytes("training/metrics.json")) }

  func number(_ key: String) throws -> Double { try #require(golden[key]?.double) }
  func numbers(_ key: String) throws -> [Double] { try #require(golden[key]?.doubles) }

  @Test func answersAreCountedAsScikitLearnDoes() throws {
    let classes = try #require(golden["classes"]?.integer)
    let labels = try #require(golden["labels"]?.integers)
    let scores = try #require(golden["scores"]?.array).map { ($0.doubles ?? []).map(Float.init) }
    var score = ClassificationScore(classes: classes, tops: [1, 2, 3])
    for (scores, label) in zip(scores, labels) { score.add(scores: scores, label: label) }
    #expect(abs(score.accuracy - (try number("accuracy"))) < 1e-12)
    #expect(abs(score.macroF1 - (try number("macroF1"))) < 1e-12)
    #expect(score.confusion.counts == golden["confusion"]?.integers)
    for k in [1, 2, 3] {
      let wanted = try #require(golden["top"]?["\(k)"]?.double)
      #expect(abs(try #require(score.accuracy(top: k)) - wanted) < 1e-12, "top \(k)")
    }
    #expect(score.accuracy(top: 4) == nil)
    let (precision, recall, f1) = (
      try numbers("precision"), try numbers("recall"), try numbers("f1")
    )
    for label in 0..<classes {
      #expect(abs(score.confusion.precision(of: label) - precision[label]) < 1e-12)
      #expect(abs(score.confusion.recall(of: label) - recall[label]) < 1e-12)
      #expect(abs(score.confusion.f1(of: label) - f1[label]) < 1e-12)
    }
  }

  @Test func scoresThatAreNoNumbersAreWrong() {
    var score = ClassificationScore(classes: 2, tops: [2])
    score.add(scores: [.nan, .nan], label: 0)
    score.add(scores: [.nan, 1], label: 0)
    score.add(scores: [1, .nan], label: 0)
    #expect(score.confusion.counts == [2, 1, 0, 0])
    #expect(score.accuracy(top: 2) == 1.0 / 3)
  }

  @Test func ofEqualScoresTheFirstIsTheAnswer() {
    var score = ClassificationScore(classes: 3, tops: [1, 2])
    score.add(scores: [1, 1, 0], label: 1)
    #expect(score.accuracy == 0 && score.accuracy(top: 1) == 0 && score.accuracy(top: 2) == 1)
  }

  @Test func correlationsAreSciPys() throws {
    let (x, y) = (try numbers("x"), try numbers("y"))
    #expect(abs(Correlation.pearson(x, y) - (try number("pearson"))) < 1e-12)
    #expect(abs(Correlation.spearman(x, y) - (try number("spearman"))) < 1e-12)
    #expect(Correlation.pearson([1, 1], [1, 2]).isNaN && Correlation.pearson([], []).isNaN)
    #expect(Correlation.spearman([1, 2, .nan], [1, 2, 3]).isNaN)
    #expect(abs(Correlation.pearson([1, 2, 3], [-2, -4, -6]) + 1) < 1e-12)
  }

  @Test func perplexityIsOfAllTokensTogether() throws {
    let (losses, tokens) = (try numbers("losses"), try #require(golden["tokens"]?.integers))
    let mean =
      zip(losses, tokens).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(tokens.reduce(0, +))
    let metric = try #require(PerplexityJudge().metrics(loss: mean).first)
    let wanted = try number("perplexity")
    #expect(metric.name == "perplexity" && metric.isLoss)
    #expect(abs(metric.value - wanted) < 1e-12 * wanted)
  }

  @Test func nothingCountedIsNothingGood() {
    let score = ClassificationScore(classes: 2)
    #expect(score.accuracy == 0 && score.macroF1 == 0 && score.accuracy(top: 5) == 0)
  }
}
