import BinaryIO
import OrderedCollections

/// The layout of Keras 1 and 2, which Keras 3 still writes into `.h5`: a group a layer, listed with its weights in
/// attributes.
///
/// - Source: Keras 3.15, `saving/legacy/legacy_h5_format.py`.
enum LegacyWeights {
  /// The path of the group that lists the layers, or nil when the file is of another layout.
  static func root(of tree: DatasetTree) -> String? {
    for path in ["", "model_weights"] {
      if let attributes = tree.groups[path]?.attributes,
        attributes.contains("layer_names") || attributes.contains("layer_names0")
      {
        return path
      }
    }
    return nil
  }

  /// The weights in the order in which Keras lists them, then datasets that are not listed.
  static func read(_ tree: DatasetTree, at root: String, model: KerasModel?) throws -> KerasWeights
  {
    var result = KerasWeights()
    guard let top = tree.groups[root], let names = try top.attributes.chunkedTexts("layer_names")
    else { throw DataError(.malformed, "no layer_names", subject: "group '\(root)'") }
    let layers = Dictionary(
      (model?.layers ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var read: Set<String> = []
    result.isInOrder = true
    for name in names {
      guard let group = tree.groups[path(root, name)] else {
        throw DataError(
          .malformed, "the layer is listed in layer_names, but not in the file",
          subject: "layer '\(name)'")
      }
      let listed = try group.attributes.chunkedTexts("weight_names") ?? []
      let places = listed.map { Place($0, in: name) }
      let middles = OrderedSet(places.map(\.middle))
      for (text, place) in zip(listed, places) {
        let path = path(group.path, text)
        guard let dataset = tree.datasets[path] else {
          throw DataError(
            .malformed, "the weight '\(text)' is listed in weight_names, but not in the file",
            subject: "layer '\(name)'")
        }
        guard read.insert(path).inserted else {
          throw DataError(
            .malformed, "the weight '\(text)' is listed twice", subject: "layer '\(name)'")
        }
        let (module, className) = place.module(of: layers[name], alone: middles.count == 1)
        result.weights.append(
          KerasWeight(
            entry: dataset.entry(), module: module, leaf: place.leaf, className: className))
      }
    }
    for (path, dataset) in tree.datasets where !read.contains(path) {
      if path.hasPrefix("optimizer_weights/") || path.contains("seed_generator") {
        result.auxiliary.append(dataset.entry())
      } else {
        let parts = path.split(separator: "/").map(String.init)
        let leaf = parts.last.map(Place.leaf) ?? path
        result.weights.append(
          KerasWeight(entry: dataset.entry(), module: parts.dropLast(), leaf: leaf, className: nil))
        result.notes.append("the weight '\(path)' is not listed in weight_names")
        result.isInOrder = false
      }
    }
    return result
  }

  private static func path(_ parts: String...) -> String {
    parts.filter { !$0.isEmpty }.joined(separator: "/")
  }

  /// What the name of a weight says: `outer/block/conv/kernel:0`.
  private struct Place {
    let layer: String
    /// The names between the layer of the group and the weight's own.
    let middle: [String]
    let leaf: String

    init(_ text: String, in layer: String) {
      let parts = text.split(separator: "/").map(String.init)
      self.layer = layer
      leaf = parts.last.map(Place.leaf) ?? text
      let owners = parts.dropLast()
      // Keras 3 begins with the model's name, Keras 2 may leave even the layer's out
      middle = Array(owners.lastIndex(of: layer).map { owners[($0 + 1)...] } ?? owners)
    }

    /// Without TensorFlow's `:0`.
    static func leaf(_ text: String) -> String {
      guard let colon = text.lastIndex(of: ":"), Int(text[text.index(after: colon)...]) != nil
      else {
        return text
      }
      return String(text[..<colon])
    }

    /// Which layer inside `layer` the weight belongs to.
    func module(of known: KerasLayer?, alone: Bool) -> ([String], String?) {
      guard let known else { return (alone ? [layer] : [layer] + middle, nil) }
      guard let model = known.model else { return ([layer], known.className) }
      let inside = model.flattened(under: [layer])
      let named = inside.filter { $0.path.last == middle.last }
      let best =
        named.first { Array($0.path.dropFirst()) == middle }
        ?? named.max { common($0.path, middle) < common($1.path, middle) }
      return best.map { ($0.path, $0.layer.className) } ?? ([layer] + middle, nil)
    }

    /// How many names at the end of both agree.
    private func common(_ a: [String], _ b: [String]) -> Int {
      zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count
    }
  }
}
