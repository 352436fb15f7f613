import BinaryIO
import ModelGraph
import Text
import Training
import Zoo

/// How texts become what a model that learns takes.
struct TextInput: Sendable {
  let text: TextModel
  /// The most tokens of one text.
  let limit: Int?

  /// - Parameter maximum: fewer tokens than the model takes, if a person says so.
  /// - Throws: `.unsupported` for a model that takes no tokens or has no tokenizer; `.mismatch` for a length that it cannot take.
  init(_ model: Model, maximum: Int?) throws {
    guard Self.isTaken(by: model) else {
      throw DataError(
        .unsupported, "does not take a text, so that it cannot learn from texts",
        path: model.path)
    }
    text = try TextModel(model)
    let own = [text.limit, model.zooModel?.definition.longest["input_ids"]].compactMap(\.self).min()
    if let maximum {
      guard maximum > 1, maximum <= own ?? maximum else {
        throw DataError(
          .mismatch, "texts of \(maximum) tokens", expected: "2 to \(own ?? 1 << 20)",
          path: model.path)
      }
    }
    limit = maximum ?? own
  }

  /// Whether a model takes tokens and nothing else.
  static func isTaken(by model: Model) -> Bool {
    guard let graph = try? model.graph() else { return false }
    let names = Set(graph.inputs.map { graph[$0].name })
    return names.contains("input_ids") && names.isSubset(of: TextModel.doors)
  }

  /// What texts are filled up with.
  var padding: Int { text.padding }

  /// The tokens of a text, or of two, and whether they are not all.
  func sequence(_ text: String, pair: String? = nil) throws -> (TokenSequence, isCut: Bool) {
    let encoding = try self.text.encode(text, pair: pair, limit: limit)
    return (
      TokenSequence(ids: encoding.ids, types: encoding.typeIDs),
      !encoding.overflowing.isEmpty || pair != nil && encoding.ids.count == limit
    )
  }

  /// What to say about texts that were cut; nil when none was.
  func note(cut: Int) -> String? {
    guard cut > 0, let limit else { return nil }
    return "\(cut) \(cut == 1 ? "text is" : "texts are") longer than \(limit) tokens: "
      + "what lies beyond is left out"
  }
}
