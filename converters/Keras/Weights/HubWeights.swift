import Formats
import OrderedCollections

/// The layout of `ObjectWeights` as KerasHub's text models have it: a weight is called as it lies, `layers.bert.vars.0`.
///
/// Their classes are many, and only the zoo's tables know what is in which place.
enum HubWeights {
  /// Objects of classes that every one of these models has.
  private static let signs: Set<Substring> = [
    "reversible_embedding", "token_and_position_embedding",
  ]

  static func matches(_ tree: DatasetTree) -> Bool {
    tree.datasets.keys.contains { path in
      let parts = path.split(separator: "/")
      return parts.contains("vars")
        && zip(parts, parts.dropFirst()).contains { $0 == "layers" && signs.contains($1) }
    }
  }

  static func read(_ tree: DatasetTree) -> KerasWeights {
    var result = KerasWeights()
    for (path, dataset) in tree.datasets {
      let parts = path.split(separator: "/").map(String.init)
      guard let leaf = parts.last, parts.first == "layers", !parts.contains("seed_generator")
      else {
        result.auxiliary.append(dataset.entry())
        continue
      }
      result.weights.append(
        KerasWeight(entry: dataset.entry(), module: parts.dropLast(), leaf: leaf, className: nil))
    }
    return result
  }
}
