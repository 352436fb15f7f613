import Formats
import Zoo

/// What transformers calls modules since its version 5, where weights on disk have kept their names.
///
/// `peft` names its tensors after modules, so that adapters for vision transformers have the newer names now.
struct ModuleRenaming: Sendable {
  private let rules: [(former: NamePattern, current: NamePattern)]

  static let none = ModuleRenaming(rules: [])

  private init(rules: [(former: NamePattern, current: NamePattern)]) { self.rules = rules }

  /// - Parameter map: between the names on disk and ours; nil where modules are called as on disk.
  init?(_ model: ZooModel?, map: NameMap) {
    guard let transformer = model?.configuration as? VisionTransformerConfiguration,
      let transformers = transformer.nameMap(for: .huggingFace), map == transformers
    else { return nil }
    let isDINO = transformer.kind == .dinov2 || transformer.kind == .dinov2WithRegisters
    let prefix: String
    switch transformer.kind {
    case .vit: prefix = "vit."
    case .deit: prefix = "deit."
    case .dinov2: prefix = "dinov2."
    case .dinov2WithRegisters: prefix = "dinov2_with_registers."
    }
    var parts = ["query", "key", "value"].map {
      ("attention.attention.\($0)", "attention.\($0.prefix(1))_proj")
    }
    parts.append(("attention.output.dense", "attention.o_proj"))
    if !isDINO { parts += [("intermediate.dense", "mlp.fc1"), ("output.dense", "mlp.fc2")] }
    let layers = isDINO ? "encoder.layer" : "layers"
    // A bare backbone's names lack what stands before them
    rules = [prefix, ""].flatMap { start in
      parts.map {
        (
          NamePattern("\(start)encoder.layer.{i}.\($0.0)"),
          NamePattern("\(start)\(layers).{i}.\($0.1)")
        )
      }
    }
  }

  /// The module's name as it is now.
  func current(_ name: String) -> String {
    for (former, current) in rules {
      if let found = former.match(name) { return current.render(found) ?? name }
    }
    return name
  }
}
