/// - Source: the configuration of nomic-bert-2048, whose rates are all 0.
extension NomicBERTConfiguration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    let names = (0..<layers).map { "encoder.layers.\($0)" }
    return [
      .values(["emb_ln"], "embd_pdrop", usual: 0),
      .shares(names.map { "\($0).attn" }, "attn_pdrop", usual: 0),
      .values(
        names.flatMap { ["\($0).attn.out_proj", "\($0).mlp.fc2"] }, "resid_pdrop", usual: 0),
    ]
  }
}
