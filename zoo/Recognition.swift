import Formats
import Images
import ModelGraph
import OrderedCollections
import Tensors

/// What a set of weights was recognised as, and why.
public struct Recognition: Sendable {
  /// `ResNet`.
  public var family: String { configuration.family }
  /// `ResNet-50`.
  public var variant: String { configuration.variant }
  public let dialect: Dialect
  /// What was seen, for a person, a line each.
  public let evidence: [String]
  /// What speaks against it: tensors that are missing, unknown or of another shape. Empty when all is as it should be.
  public let differences: [String]
  /// What stands before each name in this checkpoint (`module.`).
  public let prefix: String
  /// What the names lack that the dialect's whole models have (`resnet.`).
  let basePrefix: String
  public let configuration: any ModelConfiguration
  public let definition: ModelDefinition

  public var isExact: Bool { differences.isEmpty }

  /// What this checkpoint calls what the dialect's whole models call `name`.
  public func nameInFile(_ name: String) -> String {
    prefix + (name.hasPrefix(basePrefix) ? name.dropFirst(basePrefix.count) : name[...])
  }

  /// One line for a person: `ResNet-50 (torchvision)`, or what is not quite right about it.
  public var description: String {
    guard !isExact else { return "\(variant) (\(dialect))" }
    let shown = differences.prefix(3).joined(separator: "; ")
    let more = differences.count > 3 ? "; and \(differences.count - 3) more" : ""
    return "looks like \(variant) (\(dialect)), but \(shown)\(more)"
  }
}

extension Recognition {
  /// The weights under the dialect's plain names: without the prefix, and with what a bare backbone's lack.
  static func plainNames(
    _ tensors: [NormalisedTensor], prefix: String, basePrefix: String
  ) -> (inside: [NormalisedTensor], outside: [String]) {
    var inside: [NormalisedTensor] = []
    var outside: [String] = []
    for tensor in tensors {
      let name = tensor.entry.name
      guard name.hasPrefix(prefix) else {
        outside.append(name)
        continue
      }
      var renamed = tensor
      renamed.entry.name = basePrefix + name.dropFirst(prefix.count)
      inside.append(renamed)
    }
    return (inside, outside)
  }

  /// The account of the weights under canonical names.
  func account(of tensors: [NormalisedTensor]) throws -> MappingAccount {
    guard let map = configuration.nameMap(for: dialect) else { return MappingAccount() }
    let (inside, outside) = Self.plainNames(tensors, prefix: prefix, basePrefix: basePrefix)
    var account = try map.apply(to: inside, expecting: definition.state)
    account.unknown += outside
    return account
  }
}
