import Formats

extension VisionTransformerConfiguration {
  /// - Source: transformers 5, after which `peft` names its tensors.
  public func moduleRenaming(in dialect: Dialect) -> ModuleRenaming {
    guard dialect == .huggingFace else { return .none }
    var parts = ["query", "key", "value"].map {
      ("attention.attention.\($0)", "attention.\($0.prefix(1))_proj")
    }
    parts.append(("attention.output.dense", "attention.o_proj"))
    if !kind.isDINO {
      parts += [("intermediate.dense", "mlp.fc1"), ("output.dense", "mlp.fc2")]
    }
    let layers = kind.isDINO ? "encoder.layer" : "layers"
    // A bare backbone's names lack what stands before them
    return ModuleRenaming(
      [modulePrefix, ""].flatMap { start in
        parts.map { former, current in
          (
            NamePattern("\(start)encoder.layer.{i}.\(former)"),
            NamePattern("\(start)\(layers).{i}.\(current)")
          )
        }
      })
  }

  private var modulePrefix: String {
    switch kind {
    case .vit: "vit."
    case .deit: "deit."
    case .dinov2: "dinov2."
    case .dinov2WithRegisters: "dinov2_with_registers."
    }
  }
}
