import BinaryIO
import OrderedCollections

/// The layout of Keras 3's `.weights.h5` and `.keras`: a group an object, named after its class and counted, with its
/// variables numbered in `vars`.
///
/// - Source: Keras 3.15, `saving/saving_lib.py`; the preview of Keras 2.12 names layers as the user did.
enum ObjectWeights {
  private static let preview = "_layer_checkpoint_dependencies"

  /// Whether the file has this layout.
  static func matches(_ tree: DatasetTree) -> Bool {
    tree.groups["layers"] != nil || tree.groups[preview] != nil
      || tree.datasets.keys.contains { $0.hasPrefix("vars/") || $0.contains("/vars/") }
  }

  /// The weights in the order of the model's layers, or else of the file.
  static func read(_ tree: DatasetTree, model: KerasModel?) throws -> KerasWeights {
    var result = KerasWeights()
    var read: Set<String> = []
    let places = model.map { ObjectWeights.places(of: $0, at: "", under: []) } ?? []
    result.isInOrder = model != nil
    for place in places {
      let paths = variables(tree, at: place.path)
      let leaves = KerasVariables.leaves(
        of: place.layer.className, count: paths.count, config: place.layer.config)
      for (path, leaf) in zip(paths, leaves) {
        guard let dataset = tree.datasets[path], read.insert(path).inserted else { continue }
        result.weights.append(
          KerasWeight(
            entry: dataset.entry(), module: place.module, leaf: leaf,
            className: place.layer.className))
      }
    }
    for (path, dataset) in tree.datasets where !read.contains(path) {
      if isState(path) || (model != nil && !path.hasPrefix("layers/") && !path.hasPrefix(preview)) {
        result.auxiliary.append(dataset.entry())
      } else {
        let owner = places.first { path.hasPrefix($0.path + "/") }
        result.weights.append(try unplaced(tree, path, dataset, inside: owner))
        result.isInOrder = false
      }
    }
    return result
  }

  /// Whether a variable belongs to the training, or to a random generator, and not to the network.
  private static func isState(_ path: String) -> Bool {
    path.hasPrefix("optimizer/") || path.hasPrefix("metrics/")
      || path.contains("/seed_generator/")
  }

  private struct Place {
    var path: String
    var module: [String]
    var layer: KerasLayer
  }

  /// Where Keras puts the variables of each layer: it counts the classes of a model's layers.
  private static func places(of model: KerasModel, at path: String, under module: [String])
    -> [Place]
  {
    var counts: [String: Int] = [:]
    let base = path.isEmpty ? "layers" : "\(path)/layers"
    // Sequential models keep their input layer to themselves
    let layers =
      model.kind == .sequential
      ? model.layers.filter { $0.className != "InputLayer" } : model.layers
    return layers.flatMap { layer in
      let name = snakeCase(layer.className == "Model" ? "Functional" : layer.className)
      let count = counts[name, default: 0]
      counts[name] = count + 1
      let place = "\(base)/\(count == 0 ? name : "\(name)_\(count)")"
      return layer.model.map { places(of: $0, at: place, under: module + [layer.name]) }
        ?? [Place(path: place, module: module + [layer.name], layer: layer)]
    }
  }

  /// The paths `…/vars/0`, `…/vars/1` … of an object.
  private static func variables(_ tree: DatasetTree, at path: String) -> [String] {
    var paths: [String] = []
    while tree.datasets["\(path)/vars/\(paths.count)"] != nil {
      paths.append("\(path)/vars/\(paths.count)")
    }
    return paths
  }

  /// A variable that no configuration explains: named by the file's own names.
  private static func unplaced(
    _ tree: DatasetTree, _ path: String, _ dataset: HDF5Dataset, inside place: Place?
  ) throws -> KerasWeight {
    let parts = path.split(separator: "/").map(String.init)
    if let place {
      let inner = parts.dropFirst(place.path.split(separator: "/").count).filter { $0 != "vars" }
      return KerasWeight(
        entry: dataset.entry(), module: place.module + inner.dropLast(), leaf: inner.last ?? "",
        className: nil)
    }
    let index = parts.last.flatMap(Int.init)
    guard parts.count >= 2, parts[parts.count - 2] == "vars", let index else {
      return KerasWeight(
        entry: dataset.entry(), module: parts.dropLast(), leaf: parts.last ?? path, className: nil)
    }
    let owner = parts.dropLast(2)
    var module = owner.filter { $0 != "layers" && $0 != preview }
    let className = owner.last.flatMap(KerasVariables.className(ofAutomaticName:))
    if let name = try tree.groups[parts.dropLast().joined(separator: "/")]?.attributes.text("name"),
      !name.isEmpty, owner.count >= 2, owner[owner.count - 2] == "layers"
    {
      module[module.count - 1] = name
    }
    let count = variables(tree, at: owner.joined(separator: "/")).count
    let leaves = KerasVariables.leaves(of: className ?? "", count: count, config: nil)
    return KerasWeight(
      entry: dataset.entry(), module: Array(module),
      leaf: leaves.indices.contains(index) ? leaves[index] : String(index), className: className)
  }

  /// `DepthwiseConv2D` → `depthwise_conv2d`: an underscore before a capital that follows a small letter, or that a small
  /// letter follows.
  static func snakeCase(_ name: String) -> String {
    let letters = Array(name.unicodeScalars)
    var result = ""
    for (i, letter) in letters.enumerated() {
      if i > 0, ("A"..."Z").contains(letter),
        isSmall(letters[i - 1]) || (i + 1 < letters.count && isSmall(letters[i + 1]))
      {
        result += "_"
      }
      result += String(Character(letter)).lowercased()
    }
    return result
  }

  private static func isSmall(_ letter: Unicode.Scalar) -> Bool { ("a"..."z").contains(letter) }
}
