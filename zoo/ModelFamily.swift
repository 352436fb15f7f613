import Formats
import Images
import JSON
import ModelGraph
import OrderedCollections
import Tensors

/// A kind of architecture that checkpoints exist of: how to tell it, and what its members are. One folder a family.
public protocol ModelFamily: Sendable {
  /// For people and JSON: `ResNet`.
  var name: String { get }

  /// The members that have names, those of other people's papers and libraries.
  var variants: [ModelVariant] { get }

  /// How its weights are called, and by whom; one of dialects with the same names.
  var dialects: [DialectSigns] { get }

  /// The member that has weights of these shapes, whatever its widths and depths; nil when it is none.
  ///
  /// Names are those of the dialect, without what a checkpoint puts before them. What names and shapes do not show
  /// (strides, epsilons) is as that dialect's library has it, unless `sidecars` say otherwise.
  func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)?
}

/// The shapes of weights by their names.
public struct NamedShapes: Sendable {
  public let shapes: OrderedDictionary<String, Shape>

  public init(_ shapes: OrderedDictionary<String, Shape>) { self.shapes = shapes }

  public subscript(name: String) -> Shape? { shapes[name] }

  /// The shape of the first name that is wanted.
  public func first(where isWanted: (String) -> Bool) -> Shape? {
    shapes.elements.first { isWanted($0.key) }?.value
  }

  /// The numbers that occur in names of this form: those of `inner` for each of `outer`.
  func numbers(
    in pattern: NamePattern, _ outer: String, _ inner: String
  ) -> [Int: Set<Int>] {
    shapes.keys.reduce(into: [:]) { result, name in
      guard let numbers = pattern.match(name)?.numbers, let key = numbers[outer],
        let value = numbers[inner]
      else { return }
      result[key, default: []].insert(value)
    }
  }

  /// The same shapes under the names that a map gives them; those that it does not know are left out.
  ///
  /// - Parameter isChanged: whether they are as the map changes them, and not as the file has them.
  public func mapped(by map: NameMap, isChanged: Bool = false) -> NamedShapes {
    var result: OrderedDictionary<String, Shape> = [:]
    for (name, shape) in shapes {
      guard let relation = map.relation(of: name) else { continue }
      let steps = isChanged ? relation.steps : []
      let changed = try? steps.reduce(shape) { try $1.applied(to: $0) }
      for (index, target) in relation.ours.enumerated() {
        let seen = changed ?? shape
        result[target] = relation.isSum && index > 0 ? seen.row : seen
      }
    }
    return NamedShapes(result)
  }
}

/// How to tell a dialect's checkpoints of a family.
public struct DialectSigns: Sendable {
  public var dialect: Dialect
  /// A name that each of them has.
  public var anchor: String
  /// What stands before the names of the whole model, but not before those of a bare backbone (`resnet.`).
  public var basePrefix: String

  public init(_ dialect: Dialect, anchor: String, basePrefix: String = "") {
    self.dialect = dialect
    self.anchor = anchor
    self.basePrefix = basePrefix
  }
}

/// A member of a family that has a name.
public struct ModelVariant: Sendable {
  public let name: String
  public let configuration: any ModelConfiguration

  public init(_ name: String, _ configuration: any ModelConfiguration) {
    self.name = name
    self.configuration = configuration
  }
}

/// All that decides what a member of a family computes: sizes, where strides stand, epsilons, and what goes in and out.
public protocol ModelConfiguration: Sendable {
  /// The family's name.
  var family: String { get }
  /// The member's name, or a description when it has none.
  var variant: String { get }
  /// What it is for.
  var task: ModelTask { get }
  /// Classes that it tells apart; nil when it does not classify.
  var classes: Int? { get }
  /// What was assumed because neither the weights nor a file beside them say it, for a person, a line each.
  var assumptions: [String] { get }
  /// What a file beside the weights says otherwise than they do, for a person, a line each.
  var contradictions: [String] { get }

  /// The graph, its parameters under canonical names.
  /// - Throws: `DataError` `.limitExceeded` when the sizes, which may come from a file, are beyond what tensors can have.
  func build() throws -> ModelDefinition

  /// The graph that is written for other runtimes: `build()`, or the form that they are used to.
  func buildExport() throws -> ModelDefinition

  /// The table between a dialect's names and the canonical ones; nil when the dialect has no such architecture.
  func nameMap(for dialect: Dialect) -> NameMap?

  /// The same function in another library, or why there is none.
  func adapted(to dialect: Dialect) -> Adaptation

  /// The weights, under canonical names, that `target`, which `adapted` gave, has for the same function; what it has no place
  /// for is left out.
  func weights(
    _ own: [NormalisedTensor], adaptedTo target: any ModelConfiguration
  ) throws -> [NormalisedTensor]

  /// How pictures are made ready for it when nothing else says so; nil for a model that takes none.
  func preprocessing(for dialect: Dialect) -> Preprocessing?

  /// The small files that the dialect's library wants beside the weights.
  func sidecars(for dialect: Dialect, labels: [String]?, preprocessing: Preprocessing?) -> Sidecars

  /// Where the dialect's library drops while the model learns.
  func dropouts(in dialect: Dialect) -> [DropoutRule]

  /// What the dialect's library calls modules now, where they were called otherwise.
  func moduleRenaming(in dialect: Dialect) -> ModuleRenaming

  /// What neither names nor shapes show (heads, epsilons), in the words of transformers' `config.json`, for files that have
  /// no such file beside them; nil when there is nothing.
  var hiddenFacts: JSONValue? { get }
}

extension ModelConfiguration {
  public var task: ModelTask { classes == nil ? .imageFeatures : .imageClassification }
  public var assumptions: [String] { [] }
  public var contradictions: [String] { [] }
  public func preprocessing(for dialect: Dialect) -> Preprocessing? { nil }
  public var hiddenFacts: JSONValue? { nil }
  public func dropouts(in dialect: Dialect) -> [DropoutRule] { [] }
  public func moduleRenaming(in dialect: Dialect) -> ModuleRenaming { .none }
  public func buildExport() throws -> ModelDefinition { try build() }
  public func weights(
    _ own: [NormalisedTensor], adaptedTo target: any ModelConfiguration
  ) throws -> [NormalisedTensor] { own }
}

/// Whether a library has an architecture.
public enum Adaptation: Sendable {
  case possible(any ModelConfiguration)
  /// Why not, for a person.
  case impossible(String)
}

/// A graph with all that a checkpoint of it holds.
public struct ModelDefinition: Sendable {
  public var graph: Graph
  /// The canonical names of all tensors, in PyTorch's order, also of those that the graph does not use
  /// (`num_batches_tracked`).
  public var state: OrderedSet<String>
  /// What inputs are that may be left out.
  public var defaults: [String: InputDefault] = [:]
  /// How long the last axis of an input may be, where the weights limit it.
  public var longest: [String: Int] = [:]
  /// How many values an input of indices may have: its numbers are below that.
  public var vocabularies: [String: Int] = [:]

  public init(graph: Graph, state: OrderedSet<String>) {
    self.graph = graph
    self.state = state
  }
}
