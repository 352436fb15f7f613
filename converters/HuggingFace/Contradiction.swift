import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

extension Checkpoint {
  /// Notes a `config.json` that the tensors contradict: the file can be looked at and converted, but not run.
  mutating func adoptContradiction() {
    guard graph == nil, graphError == nil, let config = sidecars["config.json"] else { return }
    graphError = Contradiction.find(in: config, normalised.map(\.entry))
  }
}

/// Sizes that a `config.json` says and the tensors do not have.
enum Contradiction {
  private static let embeddings = [
    "word_embeddings.weight", "embed_tokens.weight", "wte.weight", "shared.weight",
  ]
  private static let widths = [
    "word_embed_proj_dim", "embedding_size", "hidden_size", "n_embd", "dim", "d_model",
  ]
  private static let heads = ["num_attention_heads", "n_heads", "n_head", "num_heads"]
  private static let queries = [
    ".q_proj.weight", ".query.weight", ".q_lin.weight", ".attn.q.weight", ".SelfAttention.q.weight",
  ]
  private static let depths = ["num_hidden_layers", "n_layer", "n_layers", "num_layers"]

  /// The first one; nil where all agrees, or nothing can be compared.
  static func find(in config: JSONValue, _ entries: [TensorEntry]) -> DataError? {
    // A configuration of several models in one says its sizes elsewhere
    guard config["text_config"] == nil, config["vision_config"] == nil else { return nil }
    let table = entries.first { entry in
      entry.shape.rank == 2 && embeddings.contains(where: entry.name.hasSuffix)
    }
    if let table {
      if let said = config["vocab_size"]?.integer, said != table.shape[0] {
        return error(
          "vocab_size is \(said)", "tensor '\(table.name)' has \(table.shape[0]) rows")
      }
      if let key = widths.first(where: { config[$0]?.integer != nil }),
        let said = config[key]?.integer, said != table.shape[1]
      {
        return error(
          "\(key) is \(said)", "tensor '\(table.name)' has rows of \(table.shape[1])")
      }
    }
    if let key = depths.first(where: { config[$0]?.integer != nil }),
      let said = config[key]?.integer, let found = layers(entries), !found.contains(said),
      let most = found.max()
    {
      return error("\(key) is \(said)", "the tensors are those of \(most) layers")
    }
    return headsError(config, entries)
  }

  /// Heads share a projection's rows, and groups of them share keys and values.
  private static func headsError(_ config: JSONValue, _ entries: [TensorEntry]) -> DataError? {
    guard let key = heads.first(where: { config[$0]?.integer != nil }),
      let said = config[key]?.integer
    else { return nil }
    guard said > 0 else { return error("\(key) is \(said)", "there is at least one head") }
    if let groups = config["num_key_value_heads"]?.integer, groups < 1 || said % groups != 0 {
      return error("\(key) is \(said)", "num_key_value_heads \(groups) does not divide it")
    }
    let projection = entries.first { entry in
      entry.shape.rank == 2 && queries.contains(where: entry.name.hasSuffix)
    }
    if let projection, projection.shape[0] % said != 0 {
      return error(
        "\(key) is \(said)", "tensor '\(projection.name)' has \(projection.shape[0]) rows")
    }
    return nil
  }

  private static func error(_ said: String, _ found: String) -> DataError {
    DataError(
      .mismatch, "config.json contradicts the weights: \(said), but \(found)",
      remedy: "take the config.json that belongs to them")
  }

  /// How many numbered layers each stack has; an encoder may have more than its decoder, or fewer.
  private static func layers(_ entries: [TensorEntry]) -> [Int]? {
    var stacks: [String: Set<Int>] = [:]
    for entry in entries {
      let parts = entry.name.split(separator: ".")
      // The first number of a name is the layer's, where it is said so
      guard let place = parts.firstIndex(where: { Int($0) != nil }), place > 0,
        ["layer", "layers", "h"].contains(parts[place - 1]), let number = Int(parts[place])
      else { continue }
      stacks[parts[..<place].joined(separator: "."), default: []].insert(number)
    }
    return stacks.isEmpty ? nil : stacks.values.map(\.count)
  }
}
