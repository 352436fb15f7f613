import Formats
import Images
import JSON
import OrderedCollections

/// A text model whose libraries all have the same function, and of which transformers' `config.json` says everything.
public protocol TransformersConfiguration: ModelConfiguration {
  /// The configuration as transformers has it.
  var huggingFaceConfiguration: JSONValue { get }
}

extension TransformersConfiguration {
  public var classes: Int? { nil }
  public var hiddenFacts: JSONValue? { huggingFaceConfiguration }

  public func adapted(to dialect: Dialect) -> Adaptation {
    guard nameMap(for: dialect) != nil else {
      return .impossible(
        "\(dialect) has no \(family)\(classes == nil ? "" : " with such a head")")
    }
    return .possible(self)
  }

  public func sidecars(
    for dialect: Dialect, labels: [String]?, preprocessing: Preprocessing?
  ) -> Sidecars {
    guard dialect == .huggingFace || dialect == .gguf else { return [:] }
    guard classes != nil, var config = huggingFaceConfiguration.object else {
      return ["config.json": huggingFaceConfiguration]
    }
    config.addLabels(labels, classes: classes)
    return ["config.json": .object(config)]
  }
}
