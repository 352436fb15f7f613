import BinaryIO
import JSON
import OrderedCollections
import Zoo

extension Sidecars {
  /// The small files beside the weights at `path`: `<stem>.json`, and for a file named as transformers and timm name theirs also
  /// `config.json` and `preprocessor_config.json`.
  ///
  /// What cannot be read as JSON is somebody else's, and left alone.
  static func beside(_ path: String) -> Sidecars {
    let (folder, file) = split(path)
    let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
    var names = ["\(stem).json"]
    if ["model", "pytorch_model", "tf_model", "flax_model"].contains(stem) {
      names = ["config.json", "preprocessor_config.json"] + names
    }
    if stem.hasPrefix("consolidated") { names.append("params.json") }
    var found: Sidecars = [:]
    for name in names where name != file {
      guard let bytes = try? MappedFile(path: folder + name).bytes, bytes.count <= 16 << 20,
        let document = try? JSONValue(parsing: bytes), document.object != nil
      else { continue }
      found[name] = document
    }
    return found
  }

  private static func split(_ path: String) -> (folder: String, file: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    let start = path.index(after: slash)
    return (String(path[..<start]), String(path[start...]))
  }
}
