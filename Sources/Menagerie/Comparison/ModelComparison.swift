import BinaryIO
import Formats
import OrderedCollections
import Tensors
import Zoo

/// How the tensors of two files compare, matched by name across dialects and formats.
public struct TensorComparison: Sendable {
  public enum Status: String, Sendable { case equal, differs, onlyLeft, onlyRight }

  public struct Row: Sendable {
    public var left: String?
    public var right: String?
    public var status: Status
    /// Nil when there is nothing to subtract (one side only, or unequal shapes).
    public var maxAbsoluteDifference: Double?
    /// Why, where it is not the numbers.
    public var note: String?
  }

  public var rows: [Row]
  /// How the names were matched.
  public var basis: String

  /// Whether every tensor that enters the outputs is there on both sides, with the same values.
  ///
  /// A counter such as `num_batches_tracked`, which some formats have no place for, may be on one side only.
  public var isEqual: Bool {
    rows.allSatisfy { $0.status == .equal || ($0.status != .differs && $0.note != nil) }
  }

  /// Compares two models tensor by tensor: values, not bits, so that a wider type may hold the same numbers.
  public init(_ left: Model, _ right: Model) throws {
    let isSameFamily =
      left.recognition != nil && left.recognition?.family == right.recognition?.family
      && left.zooModel != nil && right.zooModel != nil
    basis = isSameFamily ? "by canonical names of \(left.recognition?.family ?? "")" : "by name"
    let a = isSameFamily ? left.zooModel?.weights ?? [] : left.checkpoint.normalised
    let b = isSameFamily ? right.zooModel?.weights ?? [] : right.checkpoint.normalised
    let others = OrderedDictionary(b.map { ($0.entry.name, $0) }, uniquingKeysWith: { $1 })
    var seen: Set<String> = []
    rows = []
    for mine in a where mine.action != .synthesised {
      let name = mine.entry.name
      guard let other = others[name], other.action != .synthesised else {
        rows.append(Row(left: mine.place, status: .onlyLeft, note: TensorComparison.harmless(name)))
        continue
      }
      seen.insert(name)
      rows.append(try TensorComparison.row(mine, other))
    }
    for (name, other) in others where !seen.contains(name) && other.action != .synthesised {
      rows.append(
        Row(right: other.place, status: .onlyRight, note: TensorComparison.harmless(name)))
    }
  }

  private static func row(_ a: NormalisedTensor, _ b: NormalisedTensor) throws -> Row {
    var row = Row(left: a.place, right: b.place, status: .equal)
    guard a.entry.shape == b.entry.shape else {
      row.status = .differs
      // No note: a note marks what may differ
      return row
    }
    let (x, y) = (try a.entry.load(), try b.entry.load())
    if x.isBitEqual(to: y) {
      row.maxAbsoluteDifference = 0
      return row
    }
    let difference = TensorDifference(x, y)
    row.maxAbsoluteDifference = difference.maxAbsolute
    if difference.maxAbsolute != 0 { row.status = .differs }
    return row
  }

  /// Why a tensor may be missing on one side without changing what the model computes.
  private static func harmless(_ name: String) -> String? {
    name.hasSuffix("num_batches_tracked") ? "a counter of training, without effect on outputs" : nil
  }
}

extension TensorComparison.Row {
  init(
    left: String? = nil, right: String? = nil, status: TensorComparison.Status, note: String?
  ) {
    self.init(left: left, right: right, status: status, maxAbsoluteDifference: nil, note: note)
  }
}

extension NormalisedTensor {
  /// The names in the file that it is made of.
  var place: String { sources.isEmpty ? entry.name : sources.joined(separator: " + ") }
}
