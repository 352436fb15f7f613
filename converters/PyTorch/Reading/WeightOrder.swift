import BinaryIO
import Formats
import OrderedCollections
import Tensors

/// Which weight each number of an optimiser's state means: they are counted in the order of `model.parameters()`.
///
/// That is the order of the state dict, without buffers and without second names of one tensor. Groups are counted one after
/// the other, so that those who sort weights into groups (decaying or not) have another order; what fits the shapes is taken.
struct WeightOrder {
  private let parameters: [TensorEntry]
  private let all: [TensorEntry]

  init(_ weights: [TensorEntry]) {
    all = weights
    var seen: Set<TensorIdentity> = []
    parameters = weights.filter { entry in
      guard entry.dataType.isReal, !WeightOrder.isBuffer(entry.name) else { return false }
      guard let identity = entry.identity, entry.shape.elementCount > 0 else { return true }
      return seen.insert(identity).inserted
    }
  }

  /// Names of what modules keep beside what they learn.
  private static let buffers: Set<Substring> = [
    "running_mean", "running_var", "num_batches_tracked", "inv_freq", "masked_bias",
    "position_ids", "relative_position_index", "relative_coords_table", "attn_mask",
  ]

  private static func isBuffer(_ name: String) -> Bool {
    guard let leaf = name.split(separator: ".").last else { return false }
    return buffers.contains(leaf)
  }

  /// Each number's weight.
  ///
  /// - Parameters:
  ///   - groups: the numbers of each group.
  ///   - decays: what the groups' weights decay by.
  ///   - names: the groups' names, where the state has them.
  ///   - shapes: of the tensors that are remembered.
  /// - Throws: `.mismatch`, with the first weight that does not fit.
  func names(
    of groups: [[Int]], decays: [Double], named names: [[String]],
    shapes: OrderedDictionary<Int, Shape?>
  ) throws -> [Int: String] {
    let numbers = groups.flatMap { $0 }
    guard Set(numbers).count == numbers.count else {
      throw DataError(.malformed, "has one weight in two groups")
    }
    if let stray = shapes.keys.first(where: { !numbers.contains($0) }) {
      throw DataError(.malformed, "remembers a weight \(stray) that is in none of its groups")
    }
    var failure: DataError?
    for order in orders(groups.map(\.count), decays, names) {
      let found = zip(numbers, order)
      guard
        let wrong = found.first(where: { number, entry in
          (shapes[number] ?? nil).map { $0 != entry.shape } ?? false
        })
      else {
        return Dictionary(found.map { ($0, $1.name) }, uniquingKeysWith: { first, _ in first })
      }
      let shape = (shapes[wrong.0] ?? nil).map { "\($0)" } ?? ""
      failure =
        failure
        ?? DataError(
          .mismatch, "remembers \(shape) of its weight \(wrong.0), which is '\(wrong.1.name)'",
          expected: "\(wrong.1.shape)")
    }
    throw failure
      ?? DataError(
        .mismatch, "is of \(numbers.count) weights, and the model has \(parameters.count)")
  }

  /// Orders that the weights may have been given in, the likeliest first.
  private func orders(
    _ counts: [Int], _ decays: [Double], _ names: [[String]]
  ) -> [[TensorEntry]] {
    var orders: [[TensorEntry]] = []
    if let named = byName(counts, names) { orders.append(named) }
    let total = counts.reduce(0, +)
    guard total <= parameters.count else { return orders }
    // All, or those at the end or elsewhere, where others were not to learn
    let runs = (0...(parameters.count - total)).reversed().map {
      Array(parameters[$0..<($0 + total)])
    }
    let matrices = parameters.filter(WeightOrder.decays)
    let others = parameters.filter { !WeightOrder.decays($0) }
    let sorted = [matrices + others, others + matrices].filter { _ in
      counts.count == 2 && total == parameters.count
        && counts.sorted() == [matrices.count, others.count].sorted()
    }
    let isSorted = Set(decays.map { $0 == 0 }).count == 2
    return orders + (isSorted ? sorted + runs : runs + sorted)
  }

  /// What recipes let decay: neither biases nor what scales.
  private static func decays(_ entry: TensorEntry) -> Bool {
    entry.shape.rank > 1 && !entry.name.hasSuffix("bias")
  }

  /// By the names that newer versions note, before which the state dict may have a prefix.
  private func byName(_ counts: [Int], _ names: [[String]]) -> [TensorEntry]? {
    guard names.map(\.count) == counts, let first = names.joined().first else { return nil }
    let own = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let prefixes = all.lazy.map(\.name).filter { $0 == first || $0.hasSuffix(".\(first)") }
      .map { $0.dropLast(first.utf8.count) }
    for prefix in prefixes {
      let entries = names.joined().compactMap { own[prefix + $0] }
      if entries.count == counts.reduce(0, +) { return entries }
    }
    return nil
  }
}
