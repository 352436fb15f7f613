import BinaryIO
import Formats
import JSON
import OrderedCollections

/// What tells PyTorch's optimisers apart in a state that does not name them.
enum PyTorchOptimizers {
  /// - Throws: `.unsupported` for one that is none of ours.
  static func kind(
    _ groups: [OrderedDictionary<String, JSONValue>], slots: Set<String>
  ) throws -> (name: String, note: String?) {
    if groups.contains(where: { $0["maximize"]?.bool == true }) {
      throw DataError(.unsupported, "climbs where we descend (maximize)")
    }
    let kind = try likeliest(groups, slots)
    if let (setting, value) = stranger(in: groups, to: kind.name) {
      throw DataError(
        .unsupported,
        "an optimizer like \(OptimizerRecord.titles[kind.name] ?? kind.name), but with a setting that is not known here: "
          + "\(setting) = \(value.text())",
        expected: OptimizerRecord.titles.values.joined(separator: ", "))
    }
    return kind
  }

  private static func likeliest(
    _ groups: [OrderedDictionary<String, JSONValue>], _ slots: Set<String>
  ) throws -> (name: String, note: String?) {
    let first = groups[0]
    func has(_ keys: String...) -> Bool { keys.allSatisfy { first[$0] != nil } }
    func only(_ names: Set<String>) -> Bool { slots.isSubset(of: names) }
    if has("betas", "eps", "amsgrad"), only(["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]) {
      if let decoupled = first["decoupled_weight_decay"]?.bool {
        return (decoupled ? "adamw" : "adam", nil)
      }
      let decays = groups.contains { $0["weight_decay"]?.double ?? 0 != 0 }
      return (
        "adamw", decays ? "it may be Adam's or AdamW's: taken for AdamW (--optimizer adam)" : nil
      )
    }
    if has("momentum", "dampening", "nesterov"), only(["momentum_buffer"]) { return ("sgd", nil) }
    if has("alpha", "centered"), only(["square_avg", "momentum_buffer", "grad_avg"]) {
      return ("rmsprop", nil)
    }
    if has("beta2_decay", "d"), only(["row_var", "col_var", "variance"]) {
      return ("adafactor", nil)
    }
    if has("betas"), !has("eps"), only(["exp_avg"]) { return ("lion", nil) }
    let keys = first.keys.filter { !["lr", "weight_decay", "initial_lr"].contains($0) }
    throw DataError(
      .unsupported,
      "an optimizer that is not known here: \((keys + slots.sorted()).prefix(10).joined(separator: ", "))",
      expected: OptimizerRecord.titles.values.joined(separator: ", "))
  }

  /// A setting that makes an optimiser compute otherwise than ours of that name.
  private static func stranger(
    in groups: [OrderedDictionary<String, JSONValue>], to kind: String
  ) -> (String, JSONValue)? {
    let known = harmless.union(own[kind] ?? [])
    let telling = telltales[kind] ?? []
    for group in groups {
      for (name, value) in group where !known.contains(name) {
        if telling.contains(name) || !isOff(value) { return (name, value) }
      }
    }
    return nil
  }

  private static func isOff(_ value: JSONValue) -> Bool {
    switch value {
    case .null, .bool(false), .string: true
    default: value.double == 0
    }
  }

  /// What says how a step is computed, and not what; what schedules keep; how recipes call their groups.
  private static let harmless: Set<String> = [
    "lr", "weight_decay", "maximize", "foreach", "fused", "capturable", "differentiable",
    "initial_lr", "max_lr", "min_lr", "base_lr", "max_momentum", "base_momentum", "swa_lr",
    "max_lr_snapshot", "lr_scale", "lr_mult", "decay_mult", "name", "group_name",
    "param_group_name",
  ]

  /// What each is told by.
  private static let own: [String: Set<String>] = [
    "adam": ["betas", "eps", "amsgrad", "decoupled_weight_decay"],
    "adamw": ["betas", "eps", "amsgrad", "decoupled_weight_decay"],
    "sgd": ["momentum", "dampening", "nesterov"],
    "rmsprop": ["alpha", "eps", "momentum", "centered"],
    "adafactor": ["beta2_decay", "eps", "d"],
    "lion": ["betas"],
  ]

  /// Settings that only namesakes have, whatever they are set to: timm's RMSprop adds epsilon within the root, and the
  /// weights of its SGD decay beside the gradient.
  private static let telltales: [String: Set<String>] = [
    "sgd": ["caution"], "rmsprop": ["lr_in_momentum", "decoupled_decay"],
  ]
}
