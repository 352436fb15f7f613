import BinaryIO
import Text

/// A model has a row of weights for each token that it knows; one that was added to its tokenizer may have none, as Gemma 3's
/// for pictures has none in the models of texts alone. It is refused where a text has it, and not before.
extension Tokenizer {
  /// - Throws: `.mismatch` where a token that was not added has no row; `rows` is nil where the model does not tell.
  func requireOwnTokens(within rows: Int?, path: String) throws {
    guard let rows, ownIDEnd > rows else { return }
    throw DataError(
      .mismatch, "the tokenizer has ids up to \(ownIDEnd - 1), the model rows for \(rows)",
      path: path, remedy: Self.remedy)
  }

  /// The tokens of a text, or of two that belong together, no more of them than `limit`.
  /// - Throws: `.mismatch` for a token that the model has no row for.
  func encode(
    _ text: String, pair: String? = nil, addSpecialTokens: Bool = true, limit: Int?, rows: Int?
  ) throws -> Encoding {
    let encoding = try encode(
      text, pair: pair, addSpecialTokens: addSpecialTokens,
      truncation: limit.map { Truncation(maximumLength: $0) })
    if let rows { try requireRows(rows, for: encoding.ids) }
    return encoding
  }

  /// - Throws: `.mismatch` for the first of `ids` that has none.
  func requireRows(_ rows: Int, for ids: [Int]) throws {
    guard let stranger = ids.first(where: { !(0..<rows).contains($0) }) else { return }
    let name = token(of: stranger).map { ", '\($0)'" } ?? ""
    throw DataError(
      .mismatch,
      "the tokenizer gives the id \(stranger)\(name), the model has rows for \(rows)",
      remedy: "leave that out of the text, or \(Self.remedy)")
  }

  private static let remedy = "give the tokenizer that belongs to these weights"

  /// What texts are filled up with, so that several can go through a model together.
  /// - Parameter rows: so many tokens the model knows, if that can be told.
  func paddingID(within rows: Int?) -> Int {
    [specials.pad, padding?.id].compactMap(\.self).first { $0 < rows ?? .max } ?? 0
  }

  /// The same for a model that has to know it: an end where nothing is made for that.
  func fillingID(within rows: Int?) -> Int {
    [specials.pad, padding?.id, specials.eos].compactMap(\.self).first { $0 < rows ?? .max } ?? 0
  }
}
