/// - Source: transformers' configurations; Phi-3's alone knows the second rate.
extension DecoderConfiguration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    let names = (0..<layers).map { "model.layers.\($0)" }
    return [
      .shares(names.map { "\($0).self_attn" }, "attention_dropout", usual: 0),
      .values(
        names.flatMap { ["\($0).self_attn.o_proj", "\($0).mlp.down_proj"] }, "resid_pdrop",
        usual: 0),
    ]
  }
}
