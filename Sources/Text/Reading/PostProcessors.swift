import BinaryIO
import JSON

/// The post-processors by their names in a `tokenizer.json`.
struct PostProcessors {
  let lexicon: Lexicon

  func read(_ settings: Settings) throws -> any PostProcessor {
    try settings.checkDepth()
    switch try settings.type {
    case "Sequence":
      return SequencePostProcessor(parts: try settings.parts("processors").map(read))
    case "ByteLevel":
      guard try settings.bool("trim_offsets", default: true) else {
        return SequencePostProcessor(parts: [])
      }
      return TrimPostProcessor(
        addsPrefixSpace: try settings.bool("add_prefix_space", default: true), lexicon: lexicon)
    case "BertProcessing":
      let (sep, cls) = (
        special(try settings.tokenAndID("sep")), special(try settings.tokenAndID("cls"))
      )
      let single: [TemplatePostProcessor.Piece] = [
        .special([cls], typeID: 0), .text(0, typeID: 0), .special([sep], typeID: 0),
      ]
      return TemplatePostProcessor(
        single: single, pair: single + [.text(1, typeID: 1), .special([sep], typeID: 1)])
    case "RobertaProcessing":
      let (sep, cls) = (
        special(try settings.tokenAndID("sep")), special(try settings.tokenAndID("cls"))
      )
      let single: [TemplatePostProcessor.Piece] = [
        .special([cls], typeID: 0), .text(0, typeID: 0), .special([sep], typeID: 0),
      ]
      let template = TemplatePostProcessor(
        single: single,
        pair: single + [
          .special([sep], typeID: 0), .text(1, typeID: 0), .special([sep], typeID: 0),
        ])
      guard try settings.bool("trim_offsets", default: true) else { return template }
      let trim = TrimPostProcessor(
        addsPrefixSpace: try settings.bool("add_prefix_space", default: true), lexicon: lexicon)
      return SequencePostProcessor(parts: [trim, template])
    case "TemplateProcessing":
      return TemplatePostProcessor(
        single: try template(settings, "single"), pair: try template(settings, "pair"))
    case let other: throw settings.unsupported(other)
    }
  }

  private func special(_ token: (id: Int, name: String)) -> (id: Int, name: String?) {
    (token.id, lexicon.text(token.id) == token.name ? nil : token.name)
  }

  private func template(_ settings: Settings, _ key: String) throws
    -> [TemplatePostProcessor.Piece]
  {
    try settings.array(key).map { piece in
      if let sequence = piece["Sequence"] {
        return .text(sequence["id"]?.string == "B" ? 1 : 0, typeID: try typeID(sequence, settings))
      }
      guard let special = piece["SpecialToken"], let name = special["id"]?.string else {
        throw DataError(
          .malformed, "'\(key)' has \(piece.text().prefix(60))",
          expected: "pieces of Sequence or SpecialToken", subject: settings.path)
      }
      let token = settings.value["special_tokens"]?[name]
      let ids = token?["ids"]?.integers
      let names = token?["tokens"]?.array?.compactMap(\.string)
      guard let ids, let names, ids.count == names.count,
        ids.allSatisfy({ (0..<Vocabulary.idLimit).contains($0) })
      else {
        throw DataError(
          .malformed, "no ids and tokens of the special token '\(name)'",
          subject: "\(settings.path).special_tokens")
      }
      return .special(
        zip(ids, names).map { self.special(($0, $1)) }, typeID: try typeID(special, settings))
    }
  }

  private func typeID(_ piece: JSONValue, _ settings: Settings) throws -> Int {
    try Settings(value: piece, path: settings.path)
      .integer("type_id", default: 0, in: 0...Int(UInt32.max))
  }
}
