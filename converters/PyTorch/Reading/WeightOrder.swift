import BinaryIO
import Formats
import OrderedCollections
import Tensors

/// Which weight each number of an optimiser's state means: they are counted in the order of `model.parameters()`.
///
/// That is the order of the state dict, without buffers and without second names of one tensor. Groups are counted one after
/// the other, so that those who sort weights into groups (decaying or not) have another order; what fits the shapes is taken,
/// where nothing else fits as well.
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
  /// - Throws: `.mismatch`, with the first weight that does not fit, or when several orders fit alike.
  func names(
    of groups: [[Int]], decays: [Double], named names: [[String]],
    shapes: OrderedDictionary<Int, Shape?>
  ) throws -> [Int: String] {
    let numbers = groups.flatMap { $0 }
    let known = Set(numbers)
    guard known.count == numbers.count else {
      throw DataError(.malformed, "has one weight in two groups")
    }
    if let stray = shapes.keys.first(where: { !known.contains($0) }) {
      throw DataError(.malformed, "remembers a weight \(stray) that is in none of its groups")
    }
    let wanted = numbers.map { shapes[$0] ?? nil }
    var budget = WeightOrder.maximumComparisons
    var failure: DataError?
    for alike in orders(groups.map(\.count), decays, names) {
      var fitting: ArraySlice<TensorEntry>?
      for order in alike {
        let wrong = zip(wanted, order).enumerated().first { place, pair in
          budget -= 1
          return pair.0.map { $0 != pair.1.shape } ?? false
        }
        guard budget >= 0 else {
          throw DataError(.limitExceeded, "its weights may be too many others of the model")
        }
        if let wrong {
          let (shape, entry) = wrong.element
          failure =
            failure
            ?? DataError(
              .mismatch,
              "remembers \(shape.map { "\($0)" } ?? "") of its weight \(numbers[wrong.offset]), which is '\(entry.name)'",
              expected: "\(entry.shape)")
          continue
        }
        // Nobody minds whose memory it is where there is none
        guard let first = fitting, !shapes.isEmpty else {
          fitting = fitting ?? order
          continue
        }
        throw DataError(
          .mismatch,
          "does not say whether its first weight is '\(first.first?.name ?? "")' or '\(order.first?.name ?? "")': both fit",
          remedy: "give the optimizer model.named_parameters(), whose names its state has then")
      }
      if let fitting {
        return Dictionary(
          zip(numbers, fitting).map { ($0, $1.name) }, uniquingKeysWith: { first, _ in first })
      }
    }
    throw failure
      ?? DataError(
        .mismatch, "is of \(numbers.count) weights, and the model has \(parameters.count)")
  }

  /// How many shapes are compared at most.
  private static let maximumComparisons = 50_000_000

  /// Orders that the weights may have been given in, the likeliest first, and those together that are as likely.
  private func orders(
    _ counts: [Int], _ decays: [Double], _ names: [[String]]
  ) -> [AnySequence<ArraySlice<TensorEntry>>] {
    var orders: [AnySequence<ArraySlice<TensorEntry>>] = []
    if let named = byName(counts, names) { orders.append(AnySequence([named[...]])) }
    let total = counts.reduce(0, +)
    guard total <= parameters.count else { return orders }
    // All, or those at the end or elsewhere, where others were not to learn
    let parameters = parameters
    let runs = AnySequence(
      (0...(parameters.count - total)).reversed().lazy.map { parameters[$0..<($0 + total)] })
    let matrices = parameters.filter(WeightOrder.decays)
    let others = parameters.filter { !WeightOrder.decays($0) }
    let isSorted = Set(decays.map { $0 == 0 }).count == 2
    var sorted: [ArraySlice<TensorEntry>] = []
    if counts == [matrices.count, others.count], !isSorted || decays[0] != 0 {
      sorted.append((matrices + others)[...])
    }
    if counts == [others.count, matrices.count], !isSorted || decays[0] == 0 {
      sorted.append((others + matrices)[...])
    }
    return orders + (isSorted ? [AnySequence(sorted), runs] : [runs, AnySequence(sorted)])
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
      .map { $0.dropLast(first.count) }
    for prefix in prefixes {
      let entries = names.joined().compactMap { own[prefix + $0] }
      if entries.count == counts.reduce(0, +) { return entries }
    }
    return nil
  }
}
