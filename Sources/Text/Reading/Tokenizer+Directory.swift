import BinaryIO
import JSON

extension Tokenizer {
  /// Reads the tokenizer of a model's directory, whatever files it has.
  ///
  /// The first of `tokenizer.json`, `vocab.json` with `merges.txt`, a SentencePiece model (`tokenizer.model`,
  /// `spiece.model` …) and `vocab.txt` is taken; `tokenizer_config.json` and `special_tokens_map.json` complete it.
  /// - Throws: `.notFound` when there is none.
  public init(directory: String) throws {
    try self.init(name: directory) { name in
      let path = "\(directory)/\(name)"
      return System.isDirectory(path) == false ? try MappedFile(path: path).bytes : nil
    }
  }

  /// Reads a tokenizer's files by their names, from wherever they are kept.
  public init(files: (_ name: String) throws -> Bytes?) throws {
    try self.init(name: nil, files: files)
  }

  private init(name: String?, files: (String) throws -> Bytes?) throws {
    func read(_ file: String) throws -> JSONValue? {
      guard let bytes = try files(file) else { return nil }
      return try namingFile(Tokenizer.path(name, file)) { try JSONValue(parsing: bytes) }
    }
    let config = try read("tokenizer_config.json") ?? .null
    let names = SpecialNames([config, try read("special_tokens_map.json") ?? .null])
    let settings = Settings(value: config, path: "tokenizer_config.json")
    if let bytes = try files("tokenizer.json") {
      self = try namingFile(Tokenizer.path(name, "tokenizer.json")) {
        try Tokenizer(json: bytes, names: names)
      }
      return
    }
    let kind = try Tokenizer.kind(config, try read("config.json"))
    if let vocabulary = try files("vocab.json"), let merges = try files("merges.txt") {
      self = try Recipe.bytePair(
        try namingFile(Tokenizer.path(name, "vocab.json")) {
          try TokenizerFile.vocabulary(vocabulary)
        },
        merges: try namingFile(Tokenizer.path(name, "merges.txt")) { try MergeList(lines: merges) },
        names: names, settings: settings, kind: kind)
      return
    }
    for file in ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model"] {
      guard let bytes = try files(file) else { continue }
      self = try namingFile(Tokenizer.path(name, file)) {
        try Recipe.sentencePiece(
          try SentencePieceModel(bytes), names: names, settings: settings, kind: kind)
      }
      return
    }
    if let bytes = try files("vocab.txt") {
      self = try namingFile(Tokenizer.path(name, "vocab.txt")) {
        try Recipe.bert(try Vocabulary(lines: bytes), names: names, settings: settings)
      }
      return
    }
    throw DataError(
      .notFound, "no tokenizer",
      expected: "tokenizer.json, vocab.txt, vocab.json with merges.txt, or a SentencePiece model",
      path: name)
  }

  private static func path(_ directory: String?, _ file: String) -> String {
    directory.map { "\($0)/\(file)" } ?? file
  }

  /// What kind of model the tokenizer is for, in lower case: `roberta`, `t5` …
  private static func kind(_ tokenizer: JSONValue, _ model: JSONValue?) throws -> String {
    let name = tokenizer["tokenizer_class"]?.string ?? model?["model_type"]?.string ?? ""
    return name.lowercased().replacing("tokenizer", by: "").replacing("fast", by: "")
      .replacing("-", by: "").replacing("_", by: "")
  }
}

extension Vocabulary {
  /// The tokens of a `vocab.txt`, one a line; a token that comes twice has its last place.
  init(lines bytes: Bytes) throws {
    self.init()
    let text = bytes.array
    reserve(text.count / 6, bytes: text.count)
    var (start, id) = (0, 0)
    while start < text.count {
      let end = text[start...].firstIndex(of: 0x0A) ?? text.count
      var line = text[start..<end]
      if line.last == 0x0D { line.removeLast() }
      guard String(validating: line, as: UTF8.self) != nil else {
        throw DataError(.malformed, "line \(id + 1) is not UTF-8", offset: start)
      }
      try insert(line, id: id)
      id += 1
      start = end + 1
    }
  }
}

extension MergeList {
  /// The merges of a `merges.txt`.
  init(lines bytes: Bytes) throws {
    self.init()
    let text = Array(try bytes.utf8().utf8)
    for line in text.split(separator: 0x0A) where !line.starts(with: "#version".utf8) {
      let line = line.last == 0x0D ? line.dropLast() : line
      if !line.isEmpty { try append(line: line) }
    }
  }
}
