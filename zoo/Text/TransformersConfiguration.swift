import Formats
import Images
import JSON
import OrderedCollections

/// A text model whose libraries all have the same function, and of which transformers' `config.json` says everything.
public protocol TransformersConfiguration: ModelConfiguration {
  /// The configuration as transformers has it.
  var huggingFaceConfiguration: JSONValue { get }
  /// Why KerasHub has no class of the same function; nil when it has.
  var kerasHubObstacle: String? { get }
  /// KerasHub's `config.json` of the same function; nil when it has none.
  var kerasHubConfiguration: JSONValue? { get }
  /// Why Meta's program computes something else; nil when it does not.
  var metaObstacle: String? { get }
  /// Meta's `params.json` of the same function; nil when it has none.
  var metaParameters: JSONValue? { get }
}

extension TransformersConfiguration {
  public var classes: Int? { nil }
  public var hiddenFacts: JSONValue? { huggingFaceConfiguration }
  public var kerasHubObstacle: String? { nil }
  public var kerasHubConfiguration: JSONValue? { nil }
  public var metaObstacle: String? { nil }
  public var metaParameters: JSONValue? { nil }

  /// Whether it was trained for something that is no part of what the family is for.
  private var hasOwnTask: Bool { classes != nil || task == .questionAnswering }

  public func adapted(to dialect: Dialect) -> Adaptation {
    guard nameMap(for: dialect) != nil else {
      if dialect == .kerasHub, nameMap(for: .kerasHubObjects) != nil {
        return .impossible(
          "a plain .h5 file of KerasHub's \(family) is not written: call it .weights.h5")
      }
      return .impossible(
        "\(dialect) has no \(family)\(hasOwnTask ? " with such a head" : "")")
    }
    if dialect.isKerasHub, let kerasHubObstacle { return .impossible(kerasHubObstacle) }
    if dialect == .meta, let metaObstacle { return .impossible(metaObstacle) }
    return .possible(self)
  }

  public func sidecars(
    for dialect: Dialect, labels: [String]?, preprocessing: Preprocessing?
  ) -> Sidecars {
    switch dialect {
    case .huggingFace, .gguf:
      guard classes != nil, var config = huggingFaceConfiguration.object else {
        return ["config.json": huggingFaceConfiguration]
      }
      config.addLabels(labels, classes: classes)
      return ["config.json": .object(config)]
    case .kerasHubObjects: return kerasHubConfiguration.map { ["config.json": $0] } ?? [:]
    case .meta: return metaParameters.map { ["params.json": $0] } ?? [:]
    default: return [:]
    }
  }
}
