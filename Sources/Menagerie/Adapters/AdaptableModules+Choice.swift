import BinaryIO
import Formats
import OrderedCollections
import Training

extension AdaptableModules {
  /// The modules that a person means.
  ///
  /// - Parameters:
  ///   - patterns: names, ends of names, with `*` and `?`; `all-linear` for every linear layer, `all` for convolutions too. Empty
  ///     for the projections to queries and values, as in the paper, or `all` in a model without attention.
  ///   - head: weights of the last layer, which is no one's but by its name.
  ///   - live: parameters that what is learnt follows from; others, as a pooler that nobody asks, have nothing to adapt; all when nil.
  /// - Throws: `.mismatch` when a pattern fits nothing.
  func chosen(
    _ patterns: [String], without head: Set<String>, among live: Set<String>? = nil
  ) throws -> [Module] {
    let usable = modules.values.filter { module in
      module.parts.allSatisfy { live?.contains($0.layer.parameter) ?? true }
    }
    let body = usable.filter { module in
      !module.parts.contains { head.contains($0.layer.parameter) }
        && !AdaptableModules.vocabularies.contains { module.name.hasSuffix($0) }
    }
    let linear = body.filter { !$0.isConvolution }
    if patterns.isEmpty {
      let usual = linear.filter { module in
        module.name.split(separator: ".").last.map {
          AdaptableModules.usual.contains(String($0))
        } ?? false
      }
      return usual.isEmpty ? body : usual
    }
    var names: Set<String> = []
    for pattern in patterns {
      let found: [Module]
      switch pattern {
      case "all-linear": found = linear
      case "all": found = body
      default:
        let (whole, end) = (Glob(pattern), Glob("*.\(pattern)"))
        found = usable.filter { module in
          [module.name, module.formerName].contains { whole.matches($0) || end.matches($0) }
        }
      }
      guard !found.isEmpty else {
        throw DataError(
          .mismatch, "no linear layer or convolution is called '\(pattern)'",
          expected: "names such as \(modules.keys.prefix(3).joined(separator: ", "))")
      }
      names.formUnion(found.map(\.name))
    }
    return usable.filter { names.contains($0.name) }
  }

  /// What the libraries call the projections to queries and values, or to all three where they are one.
  private static let usual: Set<String> = [
    "query", "value", "q_proj", "v_proj", "q", "v", "q_lin", "v_lin", "c_attn", "qkv", "Wqkv",
    "query_key_value", "qkv_proj",
  ]
  /// Projections to all words, which are often the table of the embeddings itself.
  private static let vocabularies = ["lm_head", "decoder", "embed_out"]
}
