import BinaryIO
import Tensors

/// One line of a name map: names on their side, names on our side, and what is done to the tensors between them.
///
/// One name on each side renames. One against several splits along an axis, and the other way round concatenates; or it is the
/// sum of two; otherwise the several are one tensor under many names (a tie). Steps change the one. A side without a name is a tensor that only the other side has: it is dropped on the way there, and made from the stand-in on
/// the way back, if there is one.
public struct NameRule: Sendable, Hashable {
  public var theirs: [NamePattern]
  public var ours: [NamePattern]
  /// From theirs to ours; they change the one tensor, before it is split or after it was joined.
  public var steps: [TensorStep]
  /// The axis along which several tensors on one side are one on the other; nil when they are tied.
  public var axis: Int?
  /// Whether the one is the sum of the several: a table, and a row that is added to each of its rows. Split, the row is zeros.
  public var isSum = false
  /// What a tensor is made from that only one side has.
  public var standIn: StandIn?
  /// Whether the names of theirs are former ones: read where the present names are missing, and never written.
  public var isFormer = false

  /// A tensor that is the same wherever it is missing: one number, everywhere.
  public struct StandIn: Sendable, Hashable {
    public var dataType: DataType
    public var shape: Shape
    public var value: Double

    public init(_ value: Double, dataType: DataType, shape: Shape = []) {
      self.dataType = dataType
      self.shape = shape
      self.value = value
    }

    public func tensor() -> Tensor {
      Tensor(shape: shape, [Double](repeating: value, count: shape.elementCount)).cast(to: dataType)
    }
  }

  /// - Throws: `.malformed` when the sides do not fit each other.
  public init(
    checking theirs: [NamePattern], _ ours: [NamePattern], steps: [TensorStep] = [],
    axis: Int? = nil,
    standIn: StandIn? = nil
  ) throws {
    self.theirs = theirs
    self.ours = ours
    self.steps = steps
    self.axis = axis
    self.standIn = standIn
    let names = (theirs + ours).map { "'\($0)'" }.joined(separator: ", ")
    func refuse(_ why: String) -> DataError {
      DataError(.malformed, why, subject: "rule of \(names)")
    }
    guard !(theirs.isEmpty && ours.isEmpty) else { throw refuse("names nothing") }
    guard theirs.count <= 1 || ours.count <= 1 else {
      throw refuse("has several names on both sides")
    }
    guard steps.isEmpty || min(theirs.count, ours.count) == 1 else {
      throw refuse("changes a tensor that only one side has")
    }
    if let axis, axis < 0 { throw refuse("has the axis \(axis)") }
    let variables = Set((theirs + ours).map(\.variables))
    guard variables.count == 1 else { throw refuse("does not have the same variables everywhere") }
  }

  /// The same rule read the other way.
  public var inverted: NameRule {
    var rule = self
    rule.theirs = ours
    rule.ours = theirs
    rule.steps = steps.reversed().map(\.inverted)
    return rule
  }
}

extension NameRule {
  /// A rule that the program made up itself; traps when the sides do not fit each other.
  init(
    made theirs: [NamePattern], _ ours: [NamePattern], steps: [TensorStep] = [], axis: Int? = nil,
    standIn: StandIn? = nil
  ) {
    do {
      try self.init(checking: theirs, ours, steps: steps, axis: axis, standIn: standIn)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Another name, and perhaps a change.
  public static func rename(
    _ theirs: NamePattern, _ ours: NamePattern, _ steps: TensorStep...
  ) -> NameRule {
    NameRule(made: [theirs], [ours], steps: steps)
  }

  /// A name of theirs that older files have, and perhaps a change; see `isFormer`.
  public static func formerly(
    _ theirs: NamePattern, _ ours: NamePattern, _ steps: TensorStep...
  ) -> NameRule {
    var rule = NameRule(made: [theirs], [ours], steps: steps)
    rule.isFormer = true
    return rule
  }

  /// One tensor of theirs is several of ours, in equal parts along an axis.
  public static func split(_ theirs: NamePattern, _ ours: [NamePattern], axis: Int) -> NameRule {
    NameRule(made: [theirs], ours, axis: axis)
  }

  /// Several tensors of theirs, of equal extent along an axis, are one of ours.
  public static func concatenate(
    _ theirs: [NamePattern], _ ours: NamePattern, axis: Int
  ) -> NameRule {
    NameRule(made: theirs, [ours], axis: axis)
  }

  /// Several tensors of theirs, joined along an axis and then changed, are one of ours.
  public static func joined(
    _ theirs: [NamePattern], _ ours: NamePattern, axis: Int, _ steps: TensorStep...
  ) -> NameRule {
    NameRule(made: theirs, [ours], steps: steps, axis: axis)
  }

  /// One tensor of theirs is two of ours: a table, and a row that is added to each of its rows.
  public static func sum(
    _ theirs: NamePattern, _ ours: [NamePattern], _ steps: TensorStep...
  ) -> NameRule {
    var rule = NameRule(made: [theirs], ours, steps: steps)
    rule.isSum = true
    return rule
  }

  /// One tensor of theirs has several names with us.
  public static func tie(_ theirs: NamePattern, _ ours: [NamePattern]) -> NameRule {
    NameRule(made: [theirs], ours)
  }

  /// A tensor that only they have.
  public static func drop(_ theirs: NamePattern, standIn: StandIn? = nil) -> NameRule {
    NameRule(made: [theirs], [], standIn: standIn)
  }

  /// A tensor that only we have.
  public static func synthesise(_ ours: NamePattern, _ standIn: StandIn) -> NameRule {
    NameRule(made: [], [ours], standIn: standIn)
  }
}
