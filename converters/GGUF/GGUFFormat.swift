import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// The file of llama.cpp and its kin: typed metadata, a tokenizer, and tensors, mapped in place.
public struct GGUFFormat: ModelFormat {
  public let identifier = "gguf"
  public let title = "GGUF file"
  public let extensions = ["gguf"]
  public let holdsBlocks = true

  /// Under this key travels our description of the model.
  static let descriptionKey = "menagerie.description"

  public init() {}

  public func matches(_ probe: FileProbe) -> Bool { probe.bytes.starts(with: GGUFFile.magic) }

  public func read(_ path: String) throws -> Checkpoint {
    var parts = try GGUFParts(path)
    return try namingFile(path) {
      let description = parts.metadata.take(GGUFFormat.descriptionKey)?.string
      var checkpoint = Checkpoint(
        format: identifier, tensors: parts.tensors, metadata: parts.metadata.json)
      checkpoint.native = parts.metadata
      // The factors are no weights: the configuration says what they come from
      checkpoint.normalised.removeAll { $0.entry.name == RotaryFactors.name }
      let config = ConfigurationReading(parts.metadata, parts.tensors).configuration
      checkpoint.sidecars["config.json"] = config
      GGUFFormat.addCompanions(to: &checkpoint, parts.metadata, config: config)
      if let description { checkpoint.adoptDescription(description) }
      GGUFFormat.describe(&checkpoint, parts)
      checkpoint.sidecars[GenerationFacts.file] = GenerationFacts.configuration(
        of: parts.metadata)
      let pooling = PoolingFacts.companions(
        of: parts.metadata, width: config?["hidden_size"]?.integer)
      checkpoint.companions.merge(pooling) { own, _ in own }
      return checkpoint
    }
  }

  /// The files that a Hugging Face directory has for the tokenizer, made when they are asked for.
  private static func addCompanions(
    to checkpoint: inout Checkpoint, _ metadata: GGUFMetadata, config: JSONValue?
  ) {
    guard let model = metadata["tokenizer.ggml.model"]?.string,
      metadata["tokenizer.ggml.tokens"] != nil
    else { return }
    var outline = GGUFVocabulary(model: model, tokens: [])
    outline.pre = metadata["tokenizer.ggml.pre"]?.string
    if let obstacle = TokenizerWriting(vocabulary: outline).obstacle {
      checkpoint.notes.append("there is no tokenizer.json for it: \(obstacle)")
      return
    }
    func made(_ make: @escaping @Sendable (TokenizerWriting) throws -> [UInt8]) -> Companion {
      Companion {
        guard let vocabulary = try metadata.vocabulary() else { return Bytes() }
        return Bytes(try make(TokenizerWriting(vocabulary: vocabulary)))
      }
    }
    checkpoint.companions["tokenizer.json"] = made { try $0.tokenizer() }
    let length = config?["max_position_embeddings"]?.integer
    checkpoint.companions["tokenizer_config.json"] = made {
      Array(($0.configuration(contextLength: length).text(indented: true) + "\n").utf8)
    }
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    if checkpoint.normalised.isEmpty {
      return DataError(.malformed, "holds no tensors to be converted")
    }
    // Under other names the file is a container, which llama.cpp does not open
    guard checkpoint.gguf == nil, checkpoint.hasNamesOfLlama,
      let writing = ConfigurationWriting(checkpoint.sidecars["config.json"])
    else { return nil }
    return ImpliedFacts(writing).obstacle
  }

  public func remarks(on checkpoint: Checkpoint) -> [String] {
    guard checkpoint.gguf == nil else { return [] }
    guard checkpoint.hasNamesOfLlama,
      let writing = ConfigurationWriting(checkpoint.sidecars["config.json"])
    else {
      return ["llama.cpp has no such model: the file holds the weights under their own names"]
    }
    return (ImpliedFacts(writing).remark.map { [$0] } ?? [])
      + (checkpoint.remarkOnTokenizer.map { [$0] } ?? [])
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(to: checkpoint) { throw obstacle }
    let output = try AtomicFileWriter(path: path)
    let written = try GGUFWriter(checkpoint).write(to: output)
    try output.commit()
    return written
  }
}

extension Checkpoint {
  /// Whether the weights are named as llama.cpp names them.
  var hasNamesOfLlama: Bool {
    normalised.contains { $0.entry.name == "token_embd.weight" }
  }
}

extension GGUFMetadata {
  /// Removes a value and returns it.
  mutating func take(_ key: String) -> GGUFValue? { values.removeValue(forKey: key) }
}
