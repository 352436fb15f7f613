import BinaryIO

/// Byte-pair encoding: a word's symbols are merged, the lowest rank first.
///
/// - Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units"; the options are those
///   of `tokenizers`.
final class BytePairModel: TokenModel {
  struct Options: Sendable {
    var unknown: String?
    var continuingPrefix: String?
    var wordSuffix: String?
    var fusesUnknown = false
    var fallsBackToBytes = false
    var ignoresMerges = false
    /// Words come as bytes, of which each stands for its letter of GPT-2's alphabet.
    var takesRawBytes = false
  }

  let vocabulary: Vocabulary
  let merges: PairTable
  let options: Options
  private let unknownID: UInt32?
  private let prefix: [UInt8]
  private let suffix: [UInt8]
  /// The ids of `<0x00>` … `<0xFF>`, where the vocabulary has them.
  private let byteIDs: [UInt32?]
  /// The ids of the letters for bytes, when all 256 are there.
  private let letterIDs: [UInt32]
  /// The ids of ASCII characters that are tokens for themselves.
  private let asciiIDs: [Int32]

  init(vocabulary: Vocabulary, merges: PairTable, options: Options) {
    self.vocabulary = vocabulary
    self.merges = merges
    prefix = Array((options.continuingPrefix ?? "").utf8)
    suffix = Array((options.wordSuffix ?? "").utf8)
    unknownID = options.unknown.flatMap { vocabulary.id(of: $0) }.map { UInt32($0) }
    byteIDs = (0..<256).map { byte in
      vocabulary.id(of: ByteFallback.name(UInt8(byte))).map { UInt32($0) }
    }
    letterIDs = ByteLetters.scalars.compactMap { letter in
      vocabulary.id(of: UTF8Text.string([letter])).map { UInt32($0) }
    }
    asciiIDs = (0..<128).map { Int32(vocabulary.id(of: [UInt8($0)]) ?? -1) }
    self.options = options
  }

  /// Whether words may come as bytes: every letter is a token, and no option looks at the text.
  var canTakeRawBytes: Bool {
    letterIDs.count == 256 && prefix.isEmpty && suffix.isEmpty
  }

  func takingRawBytes() -> BytePairModel {
    var options = options
    options.takesRawBytes = true
    return BytePairModel(vocabulary: vocabulary, merges: merges, options: options)
  }

  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout TokenBuffer,
    _ memory: inout WorkingMemory
  ) throws {
    if options.ignoresMerges, let id = wholeWord(bytes, range, &memory) {
      return tokens.append(UInt32(id), range.lowerBound, range.upperBound)
    }
    memory.symbols.removeAll()
    if options.takesRawBytes {
      for i in range { memory.symbols.append(letterIDs[Int(bytes[i])], 1) }
    } else {
      try appendSymbols(bytes, range, &memory)
    }
    memory.symbols.merge(by: merges)
    var at = range.lowerBound
    for i in 0..<memory.symbols.count {
      let end = at + memory.symbols.length(i)
      tokens.append(memory.symbols.id(i), at, end)
      at = end
    }
  }

  private func wholeWord(_ bytes: [UInt8], _ range: Range<Int>, _ memory: inout WorkingMemory)
    -> Int?
  {
    guard options.takesRawBytes else { return vocabulary.id(of: bytes, range) }
    memory.bytes.removeAll(keepingCapacity: true)
    for i in range { UTF8Text.append(ByteLetters.scalars[Int(bytes[i])], to: &memory.bytes) }
    return vocabulary.id(of: memory.bytes, 0..<memory.bytes.count)
  }

  /// One symbol for each scalar: its token, its bytes' tokens, or the unknown one.
  private func appendSymbols(
    _ bytes: [UInt8], _ range: Range<Int>, _ memory: inout WorkingMemory
  ) throws {
    var unknown = 0
    var at = range.lowerBound
    while at < range.upperBound {
      let end = min(at + UTF8Text.length(bytes[at]), range.upperBound)
      let isFirst = at == range.lowerBound
      let isLast = end == range.upperBound
      defer { at = end }
      let id: Int?
      if (isFirst || prefix.isEmpty) && (!isLast || suffix.isEmpty) {
        if bytes[at] < 0x80 {
          let known = asciiIDs[Int(bytes[at])]
          id = known < 0 ? nil : Int(known)
        } else {
          id = vocabulary.id(of: bytes, at..<end)
        }
      } else {
        memory.bytes.removeAll(keepingCapacity: true)
        if !isFirst { memory.bytes += prefix }
        memory.bytes += bytes[at..<end]
        if isLast { memory.bytes += suffix }
        id = vocabulary.id(of: memory.bytes, 0..<memory.bytes.count)
      }
      if let id {
        if unknown > 0, let unknownID { memory.symbols.append(unknownID, unknown) }
        unknown = 0
        memory.symbols.append(UInt32(id), end - at)
        continue
      }
      if options.fallsBackToBytes, appendBytes(bytes, at..<end, isFirst, isLast, &memory) {
        continue
      }
      guard let name = options.unknown else { continue }
      guard let unknownID else { throw missingUnknown(name) }
      if unknown > 0, !options.fusesUnknown {
        memory.symbols.append(unknownID, unknown)
        unknown = 0
      }
      unknown += end - at
    }
    if unknown > 0, let unknownID { memory.symbols.append(unknownID, unknown) }
  }

  private func appendBytes(
    _ bytes: [UInt8], _ range: Range<Int>, _ isFirst: Bool, _ isLast: Bool,
    _ memory: inout WorkingMemory
  ) -> Bool {
    let all = (isFirst ? [] : prefix) + bytes[range] + (isLast ? suffix : [])
    let ids = all.compactMap { byteIDs[Int($0)] }
    guard ids.count == all.count else { return false }
    for id in ids { memory.symbols.append(id, 1) }
    return true
  }
}

/// The tokens that stand for single bytes.
enum ByteFallback {
  static func name(_ byte: UInt8) -> String {
    let digits = Array("0123456789ABCDEF")
    return "<0x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])>"
  }

  /// The byte that a token of this form stands for.
  static func byte(_ token: String) -> UInt8? {
    let token = Array(token.utf8)
    guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">")
    else { return nil }
    return UInt8(UTF8Text.string(token[3..<5]), radix: 16)
  }
}
