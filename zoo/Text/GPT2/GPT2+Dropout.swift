/// - Source: transformers' `GPT2Config`; KerasHub has one rate for all.
extension GPT2Configuration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    let names = (0..<layers).map { "transformer.h.\($0)" }
    return [
      .values(["transformer.embedding"], "embd_pdrop", "dropout", usual: 0.1),
      .shares(names.map { "\($0).attn" }, "attn_pdrop", "dropout", usual: 0.1),
      .values(
        names.flatMap { ["\($0).attn.c_proj", "\($0).mlp.c_proj"] }, "resid_pdrop", "dropout",
        usual: 0.1),
    ]
  }
}
