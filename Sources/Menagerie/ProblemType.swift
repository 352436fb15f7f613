import Formats
import Glibc
import JSON
import OrderedCollections
import Training

/// What the outputs of a model's last layer are to each other; transformers' `problem_type`.
enum ProblemType: String, Sendable {
  case oneLabel = "single_label_classification"
  case labels = "multi_label_classification"
  case number = "regression"

  /// What it is called where it is written.
  static let key = "problem_type"

  init(_ kind: TextDataset.Kind) {
    switch kind {
    case .label: self = .oneLabel
    case .labels: self = .labels
    case .number: self = .number
    }
  }

  /// What travels with the weights says; nil where nothing does.
  init?(sidecars: OrderedDictionary<String, JSONValue>) {
    let words = ["config.json", Checkpoint.descriptionName].lazy.compactMap {
      sidecars[$0]?[Self.key]?.string
    }
    guard let word = words.first, let problem = ProblemType(rawValue: word) else { return nil }
    self = problem
  }

  /// Outputs as a person wants them: probabilities that sum to 1, one for each class, or the numbers.
  ///
  /// - Source: `TextClassificationPipeline` of transformers.
  func scores(_ outputs: [Double]) -> [Double] {
    switch self {
    case .oneLabel where outputs.count > 1: outputs.softmax
    case .oneLabel, .labels: outputs.map { 1 / (1 + exp(-$0)) }
    case .number: outputs
    }
  }
}
