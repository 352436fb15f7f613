import Tensors

/// The tokens of a text, or of two that a model reads as one.
public struct TokenSequence: Sendable, Hashable {
  public let ids: [Int]
  /// To which of two texts each belongs.
  public let types: [Int]

  public init(ids: [Int], types: [Int]) {
    precondition(ids.count == types.count, "\(ids.count) tokens, \(types.count) types")
    self.ids = ids
    self.types = types
  }
}

/// Texts with what is wanted of them, filled up to the length of a batch's longest.
///
/// Where a sample has several texts, all first ones of a batch come first, then all second ones.
public struct TextSource: TrainingSource {
  private let samples: [[TokenSequence]]
  private let labels: [Int]
  private let inputs: Set<String>
  private let padding: Int
  private let limit: Int?
  private let targets: @Sendable ([Int]) -> Tensor

  /// - Parameters:
  ///   - samples: of as many texts each.
  ///   - labels: the class of each sample, where it has one.
  ///   - inputs: of `input_ids`, `attention_mask`, `token_type_ids` those that the graph takes.
  ///   - padding: the token that texts are filled up with.
  ///   - limit: the most tokens that the graph takes.
  ///   - targets: what the objective wants of the samples of these numbers.
  public init(
    _ samples: [[TokenSequence]], labels: [Int] = [], inputs: Set<String>, padding: Int,
    limit: Int?, targets: @escaping @Sendable ([Int]) -> Tensor
  ) {
    precondition(labels.isEmpty || labels.count == samples.count, "\(labels.count) labels")
    self.samples = samples
    self.labels = labels
    self.inputs = inputs
    self.padding = padding
    self.limit = limit
    self.targets = targets
  }

  public var count: Int { samples.count }

  public func batch(_ indices: [Int], epoch: Int) -> TrainingBatch {
    let columns = indices.first.map { samples[$0].count } ?? 0
    let rows = (0..<columns).flatMap { column in indices.map { samples[$0][column] } }
    let length = BatchLength.of(max(1, rows.map(\.ids.count).max() ?? 0), limit: limit)
    func filled(_ values: (TokenSequence) -> [Int], with filler: Int) -> Tensor {
      var all: [Int64] = []
      all.reserveCapacity(rows.count * length)
      for row in rows {
        let own = values(row)
        all += own.map(Int64.init)
        all += [Int64](repeating: Int64(filler), count: length - own.count)
      }
      return Tensor(shape: [rows.count, length], all)
    }
    let given = [
      "input_ids": filled(\.ids, with: padding),
      "attention_mask": filled({ $0.ids.map { _ in 1 } }, with: 0),
      "token_type_ids": filled(\.types, with: 0),
    ]
    return TrainingBatch(
      inputs: given.filter { inputs.contains($0.key) }, targets: targets(indices),
      indices: indices, labels: labels.isEmpty ? [] : indices.map { labels[$0] })
  }
}
