import BinaryIO

/// A SentencePiece model file, as far as tokenizing needs it.
///
/// - Source: sentencepiece, `sentencepiece_model.proto`.
package struct SentencePieceModel: Sendable {
  package enum Kind: Int, Sendable { case unigram = 1, bytePair = 2, word = 3, character = 4 }
  package enum PieceType: Int, Sendable {
    case normal = 1, unknown = 2, control = 3, userDefined = 4, unused = 5, byte = 6
  }

  package var pieces: [(text: String, score: Double, type: PieceType)] = []
  package var kind = Kind.unigram
  package var unknownID = 0
  package var bosID = 1
  package var eosID = 2
  package var padID = -1
  package var fallsBackToBytes = false
  package var charsMap: [UInt8] = []
  package var addsDummyPrefix = true
  package var removesExtraSpaces = true

  /// - Throws: `.malformed`, `.truncated`.
  package init(_ bytes: Bytes) throws {
    var message = WireReader(bytes)
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): try readPiece(bytes)
      case (2, .bytes(let bytes)): try readTrainer(bytes)
      case (3, .bytes(let bytes)): try readNormalizer(bytes)
      default: continue
      }
    }
    guard !pieces.isEmpty else {
      throw DataError(.malformed, "no pieces", expected: "a SentencePiece model")
    }
  }

  private mutating func readPiece(_ bytes: Bytes) throws {
    var message = WireReader(bytes)
    var piece = (text: "", score: 0.0, type: PieceType.normal)
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): piece.text = try bytes.utf8()
      case (2, .fixed32(let bits)): piece.score = Double(Float(bitPattern: bits))
      case (3, .integer(let type)): piece.type = PieceType(rawValue: type) ?? .normal
      default: continue
      }
    }
    guard pieces.count < Vocabulary.idLimit else {
      throw DataError(.limitExceeded, "more than \(Vocabulary.idLimit) pieces")
    }
    pieces.append(piece)
  }

  private mutating func readTrainer(_ bytes: Bytes) throws {
    var message = WireReader(bytes)
    while let field = try message.next() {
      guard case .integer(let value) = field.value else { continue }
      switch field.number {
      case 3:
        guard let kind = Kind(rawValue: value), kind == .unigram || kind == .bytePair else {
          throw DataError(
            .unsupported, "the model type \(value)", expected: "unigram or byte-pair encoding")
        }
        self.kind = kind
      case 35: fallsBackToBytes = value != 0
      case 40: unknownID = value
      case 41: bosID = value
      case 42: eosID = value
      case 43: padID = value
      default: continue
      }
    }
  }

  private mutating func readNormalizer(_ bytes: Bytes) throws {
    var message = WireReader(bytes)
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (2, .bytes(let bytes)): charsMap = bytes.array
      case (3, .integer(let value)): addsDummyPrefix = value != 0
      case (4, .integer(let value)): removesExtraSpaces = value != 0
      default: continue
      }
    }
  }
}

/// Reads the fields of a protobuf message.
///
/// - Source: Protocol Buffers, "Encoding".
struct WireReader {
  enum Value {
    case integer(Int)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(Bytes)
  }

  private var reader: ByteReader

  init(_ bytes: Bytes) { reader = ByteReader(bytes) }

  /// The next field, or nil at the end.
  mutating func next() throws -> (number: Int, value: Value)? {
    if reader.isAtEnd { return nil }
    let start = reader.position
    let key = try variableInteger()
    let value: Value
    switch key & 7 {
    case 0: value = .integer(Int(truncatingIfNeeded: try variableInteger()))
    case 1: value = .fixed64(try reader.read(UInt64.self))
    case 2:
      guard let count = Int(exactly: try variableInteger()) else {
        throw DataError(.malformed, "a field of absurd length", offset: start)
      }
      value = .bytes(try reader.readBytes(count))
    case 5: value = .fixed32(try reader.read(UInt32.self))
    default:
      throw DataError(
        .malformed, "a field of type \(key & 7)", expected: "a protobuf message", offset: start)
    }
    return (Int(key >> 3), value)
  }

  private mutating func variableInteger() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      let byte = try reader.read(UInt8.self)
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw DataError(.malformed, "a number that does not end", offset: reader.position)
  }
}
