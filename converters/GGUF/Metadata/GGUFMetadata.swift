import BinaryIO
import Formats
import JSON
import OrderedCollections

/// The keys and values of a GGUF file, in their order, with their types.
public struct GGUFMetadata: Sendable {
  public var values: OrderedDictionary<String, GGUFValue>

  public init() { values = [:] }

  public subscript(key: String) -> GGUFValue? {
    get { values[key] }
    set { values[key] = newValue }
  }

  /// `general.architecture`: what the keys of the hyperparameters begin with.
  public var architecture: String? { values["general.architecture"]?.string }

  /// A hyperparameter: the value under `<architecture>.<name>`.
  public func hyperparameter(_ name: String) -> GGUFValue? {
    architecture.flatMap { values["\($0).\(name)"] }
  }

  /// The values for people; of long arrays a summary.
  var json: OrderedDictionary<String, JSONValue> { values.mapValues(\.json) }
}

extension Checkpoint {
  /// What the GGUF file from which this came says, typed and unabridged; nil for other formats.
  public var gguf: GGUFMetadata? { native as? GGUFMetadata }
}
