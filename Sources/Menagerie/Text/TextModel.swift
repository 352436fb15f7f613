import BinaryIO
import Execution
import Formats
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Tensors
import Text

/// A model that takes tokens, with its tokenizer.
struct TextModel: Sendable {
  let model: Model
  let tokenizer: Tokenizer
  /// The most tokens of one text.
  let limit: Int?
  /// How many tokens the model knows; nil when that cannot be told.
  let rows: Int?
  /// What texts are filled up with.
  let padding: Int
  /// The graph's, of `doors` those that it has.
  let inputs: Set<String>
  static let doors: Set<String> = ["input_ids", "attention_mask", "token_type_ids"]

  /// - Throws: `.unsupported` when the model does not take tokens, `.mismatch` when its tokenizer is another model's.
  init(_ model: Model) throws {
    self.model = model
    let graph = try model.graph()
    inputs = Set(graph.inputs.map { graph[$0].name })
    guard inputs.contains("input_ids"),
      inputs.isSubset(of: Self.doors)
    else {
      let doors = graph.inputs.map { "\(graph[$0].name) \(graph[$0].type)" }
      throw DataError(
        .unsupported, "does not take a text: its inputs are \(doors.joined(separator: "; "))",
        path: model.path, remedy: "give it arrays with --inputs")
    }
    tokenizer = try model.tokenizer()
    limit = try model.tokenLimit()
    rows = model.vocabularyRows
    padding = tokenizer.paddingID(within: rows)
    try tokenizer.requireOwnTokens(within: rows, path: model.path)
  }

  /// Refuses a model whose first output is not logits of that rank.
  /// - Throws: `.unsupported` with what it gives instead.
  func requireLogits(rank: Int, _ expected: String) throws {
    let graph = try model.graph()
    if let output = graph.outputs.first, graph[output].name == "logits",
      graph[output].type.rank == rank
    {
      return
    }
    let outputs = graph.outputs.map { "\(graph[$0].name) \(graph[$0].type)" }
    throw DataError(
      .unsupported, "gives \(outputs.joined(separator: ", "))", expected: "logits \(expected)",
      path: model.path)
  }

  /// A text's tokens, or those of two that belong together, no more of them than `limit`.
  /// - Throws: `.mismatch` for a token that the model has no row for.
  func encode(
    _ text: String, pair: String? = nil, addSpecialTokens: Bool = true, limit: Int? = nil
  ) throws -> Encoding {
    try namingFile(model.path) {
      try tokenizer.encode(
        text, pair: pair, addSpecialTokens: addSpecialTokens, limit: limit, rows: rows)
    }
  }

  /// The texts' tokens, no more of them than the model takes, and which texts were cut.
  func encode(_ texts: [(String, String?)]) throws -> (encodings: [Encoding], cut: [Int]) {
    var cut: [Int] = []
    let encodings = try texts.enumerated().map { index, text in
      let encoding = try encode(text.0, pair: text.1, limit: limit)
      if !encoding.overflowing.isEmpty { cut.append(index) }
      return encoding
    }
    return (encodings, cut)
  }

  /// The model's first output for each text, row for row: `body` gets its place, its values and the shape without the batch.
  ///
  /// Texts of about the same length go through the model together.
  func run(
    _ encodings: [Encoding], output: String? = nil,
    _ body: (Int, ArraySlice<Float>, [Int]) throws -> Void
  ) throws {
    try runEach(encodings, outputs: [output]) { index, rows in
      try body(index, rows[0].values, rows[0].shape)
    }
  }

  /// The same with several outputs; nil is the first that the model has.
  func runEach(
    _ encodings: [Encoding], outputs: [String?],
    _ body: (Int, [(values: ArraySlice<Float>, shape: [Int])]) throws -> Void
  ) throws {
    for group in TextModel.groups(encodings.map(\.ids.count)) {
      let longest = group.map { encodings[$0].ids.count }.max() ?? 0
      let length = group.count == 1 ? longest : (longest + 7) / 8 * 8
      func padded(_ values: (Encoding) -> [Int], with filler: Int) -> Tensor {
        let rows = group.flatMap { index -> [Int64] in
          let row = values(encodings[index]).map { Int64($0) }
          return row + [Int64](repeating: Int64(filler), count: length - row.count)
        }
        return Tensor(shape: [group.count, length], rows)
      }
      var feeds = ["input_ids": padded(\.ids, with: padding)]
      if inputs.contains("attention_mask") {
        feeds["attention_mask"] = padded({ $0.ids.map { _ in 1 } }, with: 0)
      }
      if inputs.contains("token_type_ids") {
        feeds["token_type_ids"] = padded(\.typeIDs, with: 0)
      }
      let results = try model.run(feeds)
      let tensors = try outputs.map { output in
        guard let tensor = output.map({ results[$0] }) ?? results.first?.tensor else {
          throw DataError(.unsupported, "the model gives no '\(output ?? "")'", path: model.path)
        }
        return (values: tensor.floats, shape: tensor.shape.dropFirst().map { $0 })
      }
      for (place, index) in group.enumerated() {
        try body(
          index,
          tensors.map { values, shape in
            let count = shape.reduce(1, *)
            return (values[(place * count)..<((place + 1) * count)], shape)
          })
      }
    }
  }

  /// Which texts go together: those of about the same length, and no more tokens than stay in the caches.
  static func groups(_ lengths: [Int], tokens: Int = 1024) -> [[Int]] {
    var groups: [[Int]] = []
    for index in lengths.indices.sorted(by: { (lengths[$0], $0) < (lengths[$1], $1) }) {
      let length = (lengths[index] + 7) / 8
      if let last = groups.last, let first = last.first, (lengths[first] + 7) / 8 == length,
        (last.count + 1) * length * 8 <= tokens
      {
        groups[groups.count - 1].append(index)
      } else {
        groups.append([index])
      }
    }
    return groups
  }
}

extension Model {
  /// The tokenizer that travels with the weights, or lies beside them.
  /// - Throws: `.unsupported` when there is none, or one of a kind that is not read.
  public func tokenizer() throws -> Tokenizer {
    do {
      return try namingFile(path) {
        try Tokenizer(files: { name in
          if let file = checkpoint.companions[name] { return try file.bytes() }
          return checkpoint.sidecars[name].map { Bytes(Array($0.text().utf8)) }
        })
      }
    } catch let error as DataError where error.code == .notFound {
      let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
      if System.isDirectory(path) == false,
        let beside = try? Tokenizer(directory: folder.isEmpty ? "/" : folder)
      {
        return beside
      }
      throw DataError(
        .unsupported, "has no tokenizer",
        expected: "tokenizer.json or a vocabulary beside the weights",
        path: path, remedy: "give the directory that the model was published as")
    }
  }

  /// The most tokens that a text may have, as the model's own files say; nil when they say nothing.
  func tokenLimit() throws -> Int? {
    if let said = try checkpoint.json(companion: "sentence_bert_config.json")?["max_seq_length"]?
      .integer
    {
      return said
    }
    let config = checkpoint.sidecars["config.json"]
    let positions = config?["max_position_embeddings"]?.integer.map { count in
      // RoBERTa's positions begin behind the one for padding
      ["roberta", "xlm-roberta", "camembert", "mpnet"].contains(config?["model_type"]?.string ?? "")
        ? count - 2 : count
    }
    let said = try checkpoint.json(companion: "tokenizer_config.json")?["model_max_length"]?.integer
    return [positions, said].compactMap(\.self).filter { $0 > 0 }.min()
  }
}

extension Model {
  /// The rows of the table that tokens are looked up in; nil when the graph has none that can be told.
  var vocabularyRows: Int? {
    guard let graph = try? graph(),
      let ids = graph.inputs.first(where: { graph[$0].name == "input_ids" }),
      let lookup = graph.nodes.first(where: {
        $0.operator is Gather && $0.inputs.count == 2 && $0.inputs[1] == ids
      }), let table = lookup.inputs[0]
    else { return nil }
    return graph[table].type.dimensions?.first?.value
  }

  /// What a head for texts has to know that these are filled up with.
  func fillingID() throws -> Int { try tokenizer().fillingID(within: vocabularyRows) }
}

extension Tokenizer {
  /// The token that stands for one to be guessed.
  var maskID: Int? { specials.mask ?? id(of: "[MASK]") ?? id(of: "<mask>") }
}
