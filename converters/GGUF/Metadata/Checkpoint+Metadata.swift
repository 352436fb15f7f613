import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

extension Checkpoint {
  /// The metadata that a GGUF file of these tensors has: those that it came with, or made from the files beside the weights.
  func metadataForGGUF() throws -> GGUFMetadata {
    var metadata = try gguf ?? madeMetadata()
    let entries = normalised.map(\.entry)
    if let type = FileType.number(entries, said: metadata["general.file_type"]?.integer) {
      metadata["general.file_type"] = .uint32(type)
    }
    // Whose layouts of blocks these are
    if entries.contains(where: { (GGUFTensorType($0.dataType)?.blockElements ?? 1) > 1 }) {
      metadata["general.quantization_version"] = .uint32(2)
    }
    return metadata
  }

  /// Our description's members for GGUF files.
  private var kept: JSONValue? { sidecars[Checkpoint.descriptionName]?[KeptMetadata.member] }

  private func madeMetadata() throws -> GGUFMetadata {
    var metadata = GGUFMetadata()
    let config = sidecars["config.json"]
    let writing = hasNamesOfLlama ? ConfigurationWriting(config) : nil
    let name = writing?.architecture.name ?? config?["model_type"]?.string
    metadata["general.architecture"] = .string(name ?? "unknown")
    metadata["general.type"] = .string("model")
    if let path = config?["_name_or_path"]?.string, let name = path.split(separator: "/").last {
      metadata["general.name"] = .string(String(name))
    }
    let vocabulary = try GGUFVocabulary(of: self)
    vocabulary?.write(to: &metadata)
    writing?.write(to: &metadata, shapes: shapesByName)
    if writing != nil, let architecture = metadata.architecture,
      metadata["\(architecture).pooling_type"] == nil, let kind = PoolingFacts.kind(of: self)
    {
      metadata["\(architecture).pooling_type"] = .uint32(kind.rawValue)
    }
    KeptMetadata.restore(kept, to: &metadata)
    GenerationFacts.write(try json(GenerationFacts.file), to: &metadata)
    return metadata
  }

  var shapesByName: [String: Shape] {
    Dictionary(
      normalised.map { ($0.entry.name, $0.entry.shape) }, uniquingKeysWith: { first, _ in first })
  }

  /// A small JSON file among those that travel with the weights; nil where there is none.
  func json(_ name: String) throws -> JSONValue? {
    if let known = sidecars[name] { return known }
    guard let bytes = try companions[name]?.bytes(), bytes.count <= 1 << 24 else { return nil }
    return try namingFile(name) { try JSONValue(parsing: bytes) }
  }

  /// How many tokens the embedding has rows for.
  var vocabularyRows: Int? {
    normalised.first { $0.entry.name == "token_embd.weight" }?.entry.shape.first
  }

  /// Why the file has no tokenizer, which llama.cpp wants, or another than the files say; nil where it has the same.
  var remarkOnTokenizer: String? {
    guard let name = GGUFVocabulary.source(of: self) else {
      return "there is no tokenizer beside the weights, so the file has none: llama.cpp wants one"
    }
    guard let vocabulary = try? GGUFVocabulary(of: self) else {
      return "llama.cpp has no tokenizer as \(name) describes it, so the file has none"
    }
    if let rows = vocabularyRows, vocabulary.tokens.count > rows {
      return
        "the tokenizer has \(vocabulary.tokens.count) tokens, the embedding \(rows) rows: llama.cpp opens no such file"
    }
    if let first = vocabulary.leftOut.first {
      let others = vocabulary.leftOut.count - 1
      return "the embedding has no row for the token '\(first)'"
        + (others > 0 ? " and \(others) more: they are" : ": it is") + " left out"
    }
    return vocabulary.model == "gpt2" && vocabulary.addsSpacePrefix == true
      ? "the tokenizer puts a space before a text, llama.cpp does not: it may cut a first word otherwise"
      : nil
  }
}

extension GGUFFormat {
  /// What our description says, and what is kept in it of what only GGUF files say.
  static func describe(_ checkpoint: inout Checkpoint, _ parts: GGUFParts) {
    var members = checkpoint.sidecars[Checkpoint.descriptionName]?.object ?? [:]
    if var config = checkpoint.sidecars["config.json"]?.object {
      // What the keys cannot say
      for (key, value) in members.removeValue(forKey: "config")?.object ?? [:] {
        config[key] = value
      }
      checkpoint.sidecars["config.json"] = .object(config)
    }
    members[KeptMetadata.member] = KeptMetadata.json(
      of: parts.metadata, config: checkpoint.sidecars["config.json"],
      shapes: checkpoint.shapesByName)
    checkpoint.sidecars[Checkpoint.descriptionName] = members.isEmpty ? nil : .object(members)
  }
}

extension ConfigurationWriting {
  /// What a program of transformers puts down, and is of no model.
  private static let fleeting: Set<String> = [
    "torch_dtype", "dtype", "_name_or_path", "transformers_version", "use_cache", "label2id",
    "id2label", "return_dict", "output_attentions", "output_hidden_states",
  ]

  /// The members of the configuration that the keys and tensors of a file do not bring back.
  func remainder(_ metadata: GGUFMetadata, _ tensors: [TensorEntry]) -> JSONValue? {
    guard let back = ConfigurationReading(metadata, tensors).configuration else { return config }
    var rest: OrderedDictionary<String, JSONValue> = [:]
    for (key, value) in config.object ?? [:] where !Self.fleeting.contains(key) {
      if let again = back[key], !again.isNull {
        // 1 and 1.0 are one number
        let isSameNumber = value.double.map { again.double == $0 } ?? false
        if again == value || isSameNumber { continue }
      }
      if value.isNull, back[key] == nil { continue }
      rest[key] = value
    }
    return rest.isEmpty ? nil : .object(rest)
  }
}
