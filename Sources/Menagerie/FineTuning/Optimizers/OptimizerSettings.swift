import BinaryIO
import Formats
import JSON
import OrderedCollections
import Training

/// An optimiser's settings in its groups' words, and in ours: `betas` is `beta1` and `beta2`.
struct OptimizerSettings {
  /// By the names of `Optimizer.settings`.
  let values: [String: Double]

  /// What a group says for itself.
  private static let own: Set<String> = [
    "lr", "initial_lr", "weight_decay", "max_lr", "min_lr", "base_lr",
  ]

  /// - Throws: `.unsupported` when groups differ in more than rate and decay.
  init(_ groups: [OptimizerRecord.Group]) throws {
    let all = groups.map { OptimizerSettings.values(of: $0.settings) }
    guard let first = all.first, all.allSatisfy({ $0 == first }) else {
      throw DataError(
        .unsupported, "its groups of weights differ in more than learning rate and weight decay",
        remedy: "--fresh-optimizer begins anew")
    }
    values = first
  }

  private static func values(
    of settings: OrderedDictionary<String, JSONValue>
  ) -> [String: Double] {
    var values: [String: Double] = [:]
    for (name, value) in settings where !own.contains(name) {
      switch (name, value) {
      case ("betas", .array(let betas)) where betas.count == 2:
        values["beta1"] = betas[0].double
        values["beta2"] = betas[1].double
      case ("eps", .array(let pair)) where pair.count == 2:
        values["eps1"] = pair[0].double
        values["eps2"] = pair[1].double
      case ("amsgrad", .bool(let on)), ("nesterov", .bool(let on)), ("centered", .bool(let on)),
        ("uncorrected_eps", .bool(let on)):
        values[name] = on ? 1 : 0
      case ("eps", _), ("momentum", _), ("dampening", _), ("alpha", _), ("beta2_decay", _),
        ("d", _):
        values[name] = value.double
      default: break
      }
    }
    return values
  }

  /// An optimiser's settings as `torch.optim` calls them.
  static func group(
    of optimizer: any Optimizer
  ) -> OrderedDictionary<String, JSONValue> {
    let own = optimizer.settings
    var settings: OrderedDictionary<String, JSONValue> = [:]
    for (name, value) in own {
      switch name {
      case "beta1": settings["betas"] = .array([.number(value), .number(own["beta2"] ?? 0)])
      case "eps1":
        // PyTorch's own word for the least float
        let least: JSONValue = value == Double(Float.ulpOfOne) ? .null : .number(value)
        settings["eps"] = .array([least, .number(own["eps2"] ?? 0)])
      case "beta2", "eps2": break
      case "uncorrected_eps" where value == 0: break
      case "amsgrad", "nesterov", "centered", "uncorrected_eps": settings[name] = .bool(value != 0)
      default: settings[name] = .number(value)
      }
    }
    return settings
  }
}
