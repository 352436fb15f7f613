import ArgumentParser
import BinaryIO
import JSON
import Menagerie
import Text

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Turn text into a model's tokens, or ids into text.",
    discussion: """
      menagerie tokenize bert-base/ "Hello there"
      menagerie tokenize tokenizer.json --file lines.txt --json
      menagerie tokenize bert-base/ --file book.txt --count
      menagerie tokenize bert-base/ --decode 7592,2045

      Special tokens are added as the model's files say, and left out of what is decoded.
      Offsets count Unicode scalars.
      """)

  @Argument(
    help: "A model's directory or file, or a tokenizer.json.",
    completion: .file())
  var model: String

  @Argument(help: "Texts; with --decode, ids between commas or spaces.")
  var texts: [String] = []

  @Option(help: ArgumentHelp("A file with a text a line.", valueName: "file"), completion: .file())
  var file: String?

  @Flag(help: "Turn ids into text.")
  var decode = false

  @Flag(help: "Only say how many tokens there are.")
  var count = false

  @Flag(help: "One JSON document.")
  var json = false

  func validate() throws {
    guard !(decode && count) else {
      throw ValidationError("--decode makes text, --count counts tokens: give one of them")
    }
    guard file != nil || !texts.isEmpty else {
      throw ValidationError(
        decode
          ? "give ids, or a file of them with --file" : "give texts, or a file of them with --file")
    }
  }

  func run() throws {
    let tokenizer = try TokenizerFinder.find(model)
    let lines = try file.map(TextLines.read) ?? []
    if decode {
      // Ids may be separate arguments of one text
      try decode((texts.isEmpty ? [] : [texts.joined(separator: " ")]) + lines, with: tokenizer)
      return
    }
    let all = texts + lines
    if count {
      try total(all, with: tokenizer)
      return
    }
    if json {
      try document(all) { TokenizeCommand.json(try tokenizer.encode($0)) }
      return
    }
    for (i, text) in all.enumerated() {
      if i > 0 { Terminal.say("") }
      show(try tokenizer.encode(text))
    }
  }

  private func total(_ lines: [String], with tokenizer: Tokenizer) throws {
    let start = System.seconds
    let tokens = try lines.reduce(0) { try $0 + tokenizer.encode($1).count }
    let seconds = System.seconds - start
    if json {
      Terminal.say(
        json: [
          "tokens": .integer(tokens), "texts": .integer(lines.count), "seconds": .number(seconds),
        ])
    } else {
      Terminal.say("\(tokens) tokens in \(lines.count) texts")
    }
  }

  private func decode(_ lines: [String], with tokenizer: Tokenizer) throws {
    let text = { line in try tokenizer.decode(try TokenizeCommand.ids(line)) }
    if json {
      try document(lines) { ["text": .string(try text($0))] }
    } else {
      for line in lines { Terminal.say(try text(line)) }
    }
  }

  /// A document may be long, so it is written as it comes.
  private func document(_ lines: [String], _ result: (String) throws -> JSONValue) throws {
    print("{\"results\":[", terminator: "")
    for (i, line) in lines.enumerated() {
      print(i == 0 ? "" : ",", try result(line).text(), separator: "", terminator: "")
    }
    print("]}")
  }

  static func ids(_ line: String) throws -> [Int] {
    try line.split { $0 == "," || $0.isWhitespace }.map { word in
      guard let id = Int(word) else {
        throw ValidationError("'\(word)' is no id: ids are numbers between commas or spaces")
      }
      return id
    }
  }

  private static func json(_ encoding: Encoding) -> JSONValue {
    [
      "ids": .array(encoding.ids.map { .integer($0) }),
      "tokens": .array(encoding.tokens.map { .string($0) }),
      "offsets": .array(
        encoding.offsets.map { [.integer($0.lowerBound), .integer($0.upperBound)] }),
    ]
  }

  /// Tokens above their ids, as many a line as the terminal holds.
  private func show(_ encoding: Encoding) {
    var (upper, lower, width) = ("", "", 0)
    let flush = {
      if width > 0 {
        Terminal.say(upper)
        Terminal.say(Terminal.faint(lower))
      }
      (upper, lower, width) = ("", "", 0)
    }
    for (i, token) in encoding.tokens.enumerated() {
      let token = TokenizeCommand.visible(token)
      let id = String(encoding.ids[i])
      let column = max(token.columns, id.count) + 2
      if width + column > Terminal.width { flush() }
      let isSpecial = encoding.specialTokensMask[i] == 1
      let padding = String(repeating: " ", count: column - token.columns)
      upper += (isSpecial ? Terminal.faint(token) : Terminal.bold(token)) + padding
      lower += id.padded(to: column)
      width += column
    }
    flush()
    Terminal.say(Terminal.faint("\(encoding.count) tokens"))
  }

  /// Control characters would move the cursor.
  private static func visible(_ token: String) -> String {
    token.isEmpty
      ? "''"
      : token.unicodeScalars.map { scalar in
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
      }.joined()
  }
}

/// Where a model's tokenizer is.
enum TokenizerFinder {
  /// A directory's, a `tokenizer.json`, what lies beside the file, or what the file carries.
  /// - Throws: `.notFound` when there is none.
  static func find(_ path: String) throws -> Tokenizer {
    switch System.isDirectory(path) {
    case true?: return try Tokenizer(directory: path)
    case false?: break
    case nil: throw DataError(.notFound, "no such file or directory", path: path)
    }
    let name = System.lastComponent(path)
    if name.hasSuffix(".json"), !name.hasSuffix("config.json"), !name.hasSuffix(".index.json") {
      return try namingFile(path) { try Tokenizer(json: try MappedFile(path: path).bytes) }
    }
    if !name.hasSuffix(".gguf") {
      let folder = path.hasSuffix("/\(name)") ? String(path.dropLast(name.count)) : "."
      do { return try Tokenizer(directory: folder) } catch let error as DataError {
        guard error.code == .notFound else { throw error }
      }
    }
    return try Model(contentsOf: path).tokenizer()
  }
}

extension String {
  /// How many columns a terminal gives it: two for East Asian letters and emoji, none for marks.
  fileprivate var columns: Int {
    unicodeScalars.reduce(0) { sum, scalar in
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark, .format: return sum
      default: break
      }
      switch scalar.value {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
        0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
        0x20000...0x3FFFD:
        return sum + 2
      default: return sum + 1
      }
    }
  }
}
