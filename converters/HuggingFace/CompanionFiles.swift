import BinaryIO
import Formats
import JSON
import OrderedCollections

/// What lies beside weights and travels with them: small JSON files that are understood, and files that are kept as they are.
enum CompanionFiles {
  /// Files that are kept byte for byte. A `*_config.json` is, too.
  private static let names: Set<String> = [
    configuration, "tokenizer.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
    "vocab.json",
    "merges.txt", "bpe.codes", "chat_template.jinja", "chat_template.json", modules,
    "config_sentence_transformers.json", "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE",
  ]
  private static let endings = [".model", ".tiktoken", "_config.json"]
  private static let modules = "modules.json"
  /// Where transformers keeps templates of conversations that have names.
  private static let templates = "additional_chat_templates"
  static let configuration = "config.json"
  private static let pictures = "preprocessor_config.json"
  /// The most parts that a model of sentence-transformers may have.
  private static let maximumModules = 64

  /// The JSON files that are understood, the configuration first.
  /// - Throws: what reading one of them throws, with its path.
  static func sidecars(
    in folder: String, _ names: [String]
  ) throws -> OrderedDictionary<String, JSONValue> {
    var sidecars: OrderedDictionary<String, JSONValue> = [:]
    let usual = [configuration, pictures, Checkpoint.descriptionName]
    // Meta's files have no other
    let said = names.contains(configuration) ? usual : usual + [ParallelParts.parameters]
    let wanted = said + names.filter { $0.hasSuffix("_config.json") && !usual.contains($0) }
    for name in wanted where names.contains(name) {
      let path = "\(folder)/\(name)"
      sidecars[name] = try namingFile(path) { try JSONFiles.read(path) }
    }
    return sidecars
  }

  /// The files that are kept as they are, also those of sentence-transformers' further modules and of templates in folders below.
  static func companions(
    in folder: String, _ names: [String]
  ) -> OrderedDictionary<String, Companion> {
    var found: OrderedDictionary<String, Companion> = [:]
    for name in names {
      guard self.names.contains(name) || endings.contains(where: name.hasSuffix) else { continue }
      guard System.isDirectory("\(folder)/\(name)") == false else { continue }
      found[name] = Companion(path: "\(folder)/\(name)")
    }
    for module in folders(in: folder, names) {
      for name in System.names(in: "\(folder)/\(module)") {
        guard System.isDirectory("\(folder)/\(module)/\(name)") == false else { continue }
        found["\(module)/\(name)"] = Companion(path: "\(folder)/\(module)/\(name)")
      }
    }
    return found
  }

  /// The folder of templates, and those that `modules.json` names beside the weights' own; none that lead elsewhere.
  static func folders(in folder: String, _ names: [String]) -> [String] {
    let named = [templates].filter {
      names.contains($0) && System.isDirectory("\(folder)/\($0)") == true
    }
    guard names.contains(modules), let list = try? JSONFiles.read("\(folder)/\(modules)").array
    else { return named }
    return named
      + list.prefix(maximumModules).compactMap { $0["path"]?.string }
      .filter { Companion.isContained($0) && System.isDirectory("\(folder)/\($0)") == true }
  }
}
