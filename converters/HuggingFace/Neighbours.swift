import BinaryIO
import Formats
import JSON
import OrderedCollections

extension Checkpoint {
  /// Takes what lies beside the file of weights at `path`, where the file itself does not say it.
  ///
  /// `<stem>.json` counts when it speaks of labels or preprocessing. `config.json` and its kin count when the weights are the
  /// directory's: named as the libraries name theirs, or the only ones there; `params.json` beside Meta's `consolidated.00.pth`.
  /// What cannot be read as JSON is left alone.
  public mutating func adoptNeighbours(of path: String) {
    guard System.isDirectory(path) == false else { return }
    let file = System.lastComponent(path)
    let folder =
      path.hasSuffix("/\(file)")
      ? String(decoding: path.utf8.dropLast(file.utf8.count + 1), as: UTF8.self) : "."
    let directory = folder.isEmpty ? "/" : folder
    let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
    adoptLabels(from: "\(directory)/\(stem).json")
    let names = System.names(in: directory)
    if stem.hasPrefix("consolidated"), names.contains("params.json") {
      adoptParameters(from: "\(directory)/params.json")
    }
    if ParallelParts.number(of: file) != nil, let parts = ParallelParts(among: names)?.names,
      parts.count > 1, graph == nil, graphError == nil
    {
      graphError = DataError(
        .unsupported, "is one of \(parts.count) parts of a model", path: path,
        remedy: "give the directory with all of them")
    }
    guard names.contains(CompanionFiles.configuration),
      sidecars[CompanionFiles.configuration] == nil,
      sidecars[Checkpoint.descriptionName]?["config"] == nil,
      Checkpoint.usualStems.contains(stem) || WeightFiles(names: names)?.isOnly(file) == true,
      let found = try? CompanionFiles.sidecars(in: directory, names),
      found[CompanionFiles.configuration]?.object != nil
    else { return }
    sidecars.merge(found) { own, _ in own }
    companions.merge(CompanionFiles.companions(in: directory, names)) { own, _ in own }
    notes.append("the configuration is from the config.json beside it")
    adoptContradiction()
  }

  private static let usualStems: Set<String> = [
    "model", "pytorch_model", "tf_model", "flax_model", "model.weights",
  ]

  /// What Meta's and Mistral's own files of weights have beside them instead of a `config.json`.
  private mutating func adoptParameters(from path: String) {
    guard (1...Checkpoint.descriptionLimit).contains(System.byteCount(path)),
      let file = try? MappedFile(path: path), let found = try? JSONValue(parsing: file.bytes),
      found["n_layers"] != nil
    else { return }
    sidecars[System.lastComponent(path)] = found
    notes.append("the configuration is from the params.json beside it")
  }

  private mutating func adoptLabels(from path: String) {
    guard (1...Checkpoint.descriptionLimit).contains(System.byteCount(path)),
      let file = try? MappedFile(path: path), let found = try? JSONValue(parsing: file.bytes),
      found["labels"] != nil || found["preprocessing"] != nil
    else { return }
    let name = System.lastComponent(path)
    sidecars[name] = found
    if found["labels"] != nil { notes.append("\(Checkpoint.labelsNote) \(name)") }
    if found["preprocessing"] != nil { notes.append("preprocessing is from \(name)") }
  }

  /// What the note about a neighbour's labels begins with.
  public static let labelsNote = "labels are from"
}
