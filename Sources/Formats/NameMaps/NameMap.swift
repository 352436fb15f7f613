import BinaryIO
import OrderedCollections

/// The names and layouts of one set of weights, as a table against those of another: theirs and ours, read both ways.
///
/// The first rule that fits a name is taken. `inverted` is the same table read from ours to theirs.
public struct NameMap: Sendable, Hashable {
  public var rules: [NameRule]

  public init(_ rules: [NameRule]) { self.rules = rules }

  /// Every name stays as it is.
  public static let identity = NameMap([.rename("*", "*")])

  /// The same table read the other way; former names are not written.
  public var inverted: NameMap { NameMap(rules.filter { !$0.isFormer }.map(\.inverted)) }

  /// Where `name` belongs: the first rule that has it among its sources, and what the variables stand for.
  func find(_ name: String) -> (rule: Int, part: Int, binding: NameBinding)? {
    let bytes = Array(name.utf8)[...]
    for (index, rule) in rules.enumerated() {
      for (part, pattern) in rule.theirs.enumerated() {
        if let binding = pattern.match(utf8: bytes),
          rule.ours.allSatisfy({ $0.render(binding) != nil })
        {
          return (index, part, binding)
        }
      }
    }
    return nil
  }

  /// What the tensor `name` of theirs is called by us: one name, several where it is split, none where it is dropped.
  ///
  /// Nil when no rule knows it.
  public func names(for name: String) -> [String]? {
    guard let (rule, _, binding) = find(name) else { return nil }
    return rules[rule].ours.compactMap { $0.render(binding) }
  }
}

extension NameMap {
  /// What is done to the tensor `name` of theirs, where it is renamed; nil when no rule knows it.
  package func steps(for name: String) -> [TensorStep]? { find(name).map { rules[$0.rule].steps } }
}

/// How some tensors of theirs are some of ours.
package struct NameRelation: Sendable, Hashable {
  package var theirs: [String]
  package var ours: [String]
  /// From theirs to ours.
  package var steps: [TensorStep]
  /// Along which several on one side are one on the other; nil when they are tied.
  package var axis: Int?
  package var standIn: NameRule.StandIn?
  /// Whether the one is the sum of the several.
  package var isSum = false
}

extension NameMap {
  /// All that the rule for the tensor `name` of theirs says; nil when no rule knows it.
  package func relation(of name: String) -> NameRelation? {
    guard let (index, _, binding) = find(name) else { return nil }
    let rule = rules[index]
    return NameRelation(
      theirs: rule.theirs.compactMap { $0.render(binding) },
      ours: rule.ours.compactMap { $0.render(binding) }, steps: rule.steps, axis: rule.axis,
      standIn: rule.standIn, isSum: rule.isSum)
  }
}

extension NameMap {
  /// Where a name of theirs stands when names are ordered as the rules are, with those of one number together.
  package func place(of name: String) -> [Int] {
    guard let (rule, _, binding) = find(name) else { return [rules.count] }
    let numbers = binding.numbers.sorted { $0.key < $1.key }
    var first = rule
    while first > 0, !numbers.isEmpty,
      rules[first - 1].theirs.first?.variables.filter({ $0 != "*" }) == Set(numbers.map(\.key))
    {
      first -= 1
    }
    return [first] + numbers.map(\.value) + [rule]
  }
}

/// What became of every tensor when names were mapped; nothing is lost in silence.
public struct MappingAccount: Sendable {
  /// The tensors under their new names, each with the names it comes from.
  public var tensors: [NormalisedTensor] = []
  /// Names that a rule leaves out.
  public var dropped: [String] = []
  /// New names that were made from a rule's stand-in, for no tensor had them.
  public var synthesised: [String] = []
  /// Names for which there is no rule, or whose new name nobody expects.
  public var unknown: [String] = []
  /// New names that were expected, or that half a rule's tensors announce, but which have no tensor.
  public var missing: [String] = []

  public init() {}

  /// Whether each tensor had its place and each place its tensor.
  public var isComplete: Bool { unknown.isEmpty && missing.isEmpty }
}
