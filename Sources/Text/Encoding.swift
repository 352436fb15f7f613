/// A text as a model takes it: token ids, and for each what it is and where it comes from.
public struct Encoding: Sendable {
  /// The tokens' places in the vocabulary.
  public internal(set) var ids: [Int] = []
  /// Where each token lies in the original text, in Unicode scalars; added special tokens lie at 0..<0.
  public internal(set) var offsets: [Range<Int>] = []
  /// Which sentence each token belongs to, as the model numbers them.
  public internal(set) var typeIDs: [Int] = []
  /// 1 for tokens that were added around or behind the text.
  public internal(set) var specialTokensMask: [Int] = []
  /// 0 for padding.
  public internal(set) var attentionMask: [Int] = []
  /// The parts that truncation cut off, when a single text was encoded; each is as long as the model allows.
  public internal(set) var overflowing: [Encoding] = []

  var names: [Int: String] = [:]
  var lexicon: Lexicon

  init(lexicon: Lexicon) { self.lexicon = lexicon }

  public var count: Int { ids.count }

  /// The tokens as the vocabulary spells them.
  public var tokens: [String] { ids.indices.map { names[$0] ?? lexicon.text(ids[$0]) ?? "" } }

  mutating func append(_ other: Encoding) {
    for (place, name) in other.names { names[place + count] = name }
    ids += other.ids
    offsets += other.offsets
    typeIDs += other.typeIDs
    specialTokensMask += other.specialTokensMask
    attentionMask += other.attentionMask
  }

  mutating func appendSpecial(_ id: Int, name: String?, typeID: Int) {
    if let name { names[count] = name }
    ids.append(id)
    offsets.append(0..<0)
    typeIDs.append(typeID)
    specialTokensMask.append(1)
    attentionMask.append(1)
  }

  func part(_ range: Range<Int>) -> Encoding {
    var part = Encoding(lexicon: lexicon)
    part.ids = Array(ids[range])
    part.offsets = Array(offsets[range])
    part.typeIDs = Array(typeIDs[range])
    part.specialTokensMask = Array(specialTokensMask[range])
    part.attentionMask = Array(attentionMask[range])
    for (place, name) in names where range.contains(place) {
      part.names[place - range.lowerBound] = name
    }
    return part
  }
}

/// Every token by its id: the added ones, then the model's.
final class Lexicon: Sendable {
  let vocabulary: Vocabulary
  let added: [Int: AddedToken]
  let addedIDs: [String: Int]

  init(vocabulary: Vocabulary, added: [Int: AddedToken], addedIDs: [String: Int]) {
    self.vocabulary = vocabulary
    self.added = added
    self.addedIDs = addedIDs
  }

  func text(_ id: Int) -> String? { added[id]?.content ?? vocabulary.text(id) }
  func id(_ text: String) -> Int? { addedIDs[text] ?? vocabulary.id(of: text) }

  /// How many different tokens there are.
  var count: Int {
    vocabulary.count + addedIDs.keys.count { vocabulary.id(of: $0) == nil }
  }
}
