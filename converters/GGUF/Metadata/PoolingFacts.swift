import BinaryIO
import Formats
import JSON
import OrderedCollections

/// How tokens' vectors become a text's: `pooling_type` of GGUF, `modules.json` of sentence-transformers.
enum PoolingFacts {
  private static let modules = "modules.json"
  private static let folder = "1_Pooling"
  private static let modes: [(kind: PoolingKind, key: String, name: String)] = [
    (.mean, "pooling_mode_mean_tokens", "mean"), (.first, "pooling_mode_cls_token", "cls"),
    (.last, "pooling_mode_lasttoken", "lasttoken"),
  ]

  /// The files of sentence-transformers. llama.cpp gives vectors of length 1, so these do, too.
  static func companions(
    of metadata: GGUFMetadata, width: Int?
  ) -> OrderedDictionary<String, Companion> {
    guard let number = metadata.hyperparameter("pooling_type")?.integer,
      let mode = modes.first(where: { Int($0.kind.rawValue) == number })
    else { return [:] }
    func module(_ index: Int, _ path: String, _ kind: String) -> JSONValue {
      [
        "idx": .integer(index), "name": .string("\(index)"), "path": .string(path),
        "type": .string("sentence_transformers.models.\(kind)"),
      ]
    }
    let list: JSONValue = [
      module(0, "", "Transformer"), module(1, folder, "Pooling"),
      module(2, "2_Normalize", "Normalize"),
    ]
    var config: OrderedDictionary<String, JSONValue> = [:]
    config["word_embedding_dimension"] = width.map { .integer($0) }
    for one in modes { config[one.key] = .bool(one.kind == mode.kind) }
    return [
      modules: Companion(Bytes(Array(list.text(indented: true).utf8))),
      "\(folder)/config.json": Companion(
        Bytes(Array(JSONValue.object(config).text(indented: true).utf8))),
    ]
  }

  /// The kind that the files say; nil where there are none, or one that llama.cpp does not have.
  static func kind(of checkpoint: Checkpoint) -> PoolingKind? {
    func json(_ name: String) -> JSONValue? {
      if let known = checkpoint.sidecars[name] { return known }
      guard let bytes = try? checkpoint.companions[name]?.bytes(), bytes.count <= 1 << 20 else {
        return nil
      }
      return try? JSONValue(parsing: bytes)
    }
    let module = json(modules)?.array?.first {
      $0["type"]?.string?.hasSuffix("Pooling") == true
    }
    guard let path = module?["path"]?.string, let config = json("\(path)/config.json") else {
      return nil
    }
    return modes.first {
      config[$0.key]?.bool == true || config["pooling_mode"]?.string == $0.name
    }?
    .kind
  }
}
