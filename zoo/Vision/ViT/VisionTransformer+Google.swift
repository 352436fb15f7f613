import Formats

/// Google's names of a ViT in the `.npz` files of its JAX code: `Transformer/encoderblock_0/MlpBlock_3/Dense_0/kernel`.
///
/// Kernels are `[in, out]`; those of attention show the heads, `(hidden, heads, size)` and back.
/// - Source: google-research/vision_transformer, `vit_jax/models_vit.py`.
extension VisionTransformerConfiguration {
  static let googleBlock = "Transformer/encoderblock_{i}"
  static let googleAttention = "MultiHeadDotProductAttention_1"

  /// - Parameter heads: how many heads attention has; without effect where only shapes are asked for.
  static func google(heads: Int) -> [NameRule] {
    let ours = "encoder.layer.{i}"
    func kernel(_ theirs: String, _ ours: String, _ steps: TensorStep...) -> [NameRule] {
      let first = NameRule.rename(
        NamePattern("\(theirs)/bias"), NamePattern("\(ours).bias"))
      var second = NameRule.rename(
        NamePattern("\(theirs)/kernel"), NamePattern("\(ours).weight"))
      second.steps = steps
      return [first, second]
    }
    func norm(_ theirs: String, _ ours: String) -> [NameRule] {
      [("scale", "weight"), ("bias", "bias")].map {
        .rename(NamePattern("\(theirs)/\($0.0)"), NamePattern("\(ours).\($0.1)"))
      }
    }
    let joined = TensorStep.reshape(from: [0, heads, -1], to: [0, -1])
    var rules: [NameRule] = [
      .rename("cls", "embeddings.cls_token"),
      .rename("Transformer/posembed_input/pos_embedding", NamePattern(positionTable)),
    ]
    rules += kernel(
      "embedding", "embeddings.patch_embeddings.projection", .permute([3, 2, 0, 1]))
    for part in ["query", "key", "value"] {
      let theirs = "\(googleBlock)/\(googleAttention)/\(part)"
      let ours = "\(ours).attention.\(part)"
      rules += [
        .rename(
          NamePattern("\(theirs)/kernel"), NamePattern("\(ours).weight"), joined, .permute([1, 0])),
        .rename(
          NamePattern("\(theirs)/bias"), NamePattern("\(ours).bias"),
          .reshape(from: [heads, -1], to: [-1])),
      ]
    }
    rules += kernel(
      "\(googleBlock)/\(googleAttention)/out", "\(ours).attention.output", .permute([2, 0, 1]),
      joined)
    rules += norm("\(googleBlock)/LayerNorm_0", "\(ours).norm1")
    rules += norm("\(googleBlock)/LayerNorm_2", "\(ours).norm2")
    for (theirs, ours) in [
      ("\(googleBlock)/MlpBlock_3/Dense_0", "\(ours).mlp.fc1"),
      ("\(googleBlock)/MlpBlock_3/Dense_1", "\(ours).mlp.fc2"), ("head", "classifier"),
    ] {
      rules += kernel(theirs, ours, .permute([1, 0]))
    }
    return rules + norm("Transformer/encoder_norm", "norm")
  }
}
