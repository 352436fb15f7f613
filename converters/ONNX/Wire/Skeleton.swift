import BinaryIO

/// Where the elements of one tensor lie in the file.
struct TensorPayload {
  /// The field that they stand in (`float_data` 4, `int32_data` 5, `int64_data` 7, `raw_data` 9 …).
  struct Run {
    let field: Int
    let range: Range<Int>
  }

  var runs: [Run] = []
}

/// An ONNX file without the elements of its tensors, vetted, so that protobuf-c may unpack it.
///
/// protobuf-c copies every field, recurses without a limit and does not check UTF-8; so all that is settled here, in one
/// pass that touches no element of a tensor. In the skeleton each tensor's `raw_data` is its index in `payloads`, as eight bytes.
struct Skeleton {
  private(set) var bytes: [UInt8] = []
  private(set) var payloads: [TensorPayload] = []

  private let file: Bytes
  private var messages = 0

  /// Messages within messages; the standard's own library allows as many.
  static let maximumDepth = 100
  static let maximumMessages = 4_000_000
  static let maximumSize = 128 << 20

  /// - Throws: `.truncated`, `.malformed` or `.limitExceeded` with the offset in the file.
  init(of file: Bytes) throws {
    self.file = file
    try copy(.model, 0..<file.count, depth: 0)
  }

  private mutating func copy(_ kind: MessageKind, _ range: Range<Int>, depth: Int) throws {
    try count(range)
    guard depth <= Skeleton.maximumDepth else {
      throw DataError(
        .limitExceeded, "messages nested deeper than \(Skeleton.maximumDepth)",
        offset: range.lowerBound)
    }
    var payload = TensorPayload()
    var filledSlots = 0
    var reader = WireReader(file, in: range)
    while let field = try reader.next() {
      guard let rule = kind.rule(for: field.number) else { continue }
      switch (rule, field.kind) {
      case (.one(let inner, let slot), .lengthDelimited):
        guard filledSlots & (1 << slot) == 0 else {
          throw DataError(
            .malformed, "field \(field.number) stands twice in a message", offset: field.start)
        }
        filledSlots |= 1 << slot
        try copy(inner, in: field, depth: depth)
      case (.many(let inner), .lengthDelimited): try copy(inner, in: field, depth: depth)
      case (.text, .lengthDelimited):
        try checkText(field)
        try copy(field)
      case (.bytes, .lengthDelimited), (.number, .varint), (.number, .lengthDelimited),
        (.float, .fixed32), (.float, .lengthDelimited):
        try copy(field)
      case (.elements, _):
        try count(field.content)
        payload.runs.append(.init(field: field.number, range: field.content))
      default:
        throw DataError(
          .malformed, "field \(field.number) of a message has the wrong kind", offset: field.start)
      }
    }
    if kind == .tensor {
      append(tag: 9, kind: 2)
      bytes.append(8)
      bytes.append(
        contentsOf: (0..<8).map { UInt8(truncatingIfNeeded: payloads.count >> (8 * $0)) })
      payloads.append(payload)
    }
  }

  /// A message within the message; its length is known when its content is there.
  private mutating func copy(_ kind: MessageKind, in field: WireField, depth: Int) throws {
    append(tag: field.number, kind: 2)
    let place = bytes.count
    bytes.append(contentsOf: [0x80, 0x80, 0x80, 0x80, 0x00])
    try copy(kind, field.content, depth: depth + 1)
    let length = bytes.count - place - 5
    for i in 0..<5 { bytes[place + i] |= UInt8(truncatingIfNeeded: length >> (7 * i)) & 0x7F }
  }

  private mutating func copy(_ field: WireField) throws {
    guard field.content.upperBound - field.start <= Skeleton.maximumSize - bytes.count else {
      throw tooLarge(at: field.start)
    }
    bytes.append(contentsOf: file[field.start..<field.content.upperBound].array)
  }

  private mutating func count(_ part: Range<Int>) throws {
    messages += 1
    guard messages <= Skeleton.maximumMessages else { throw tooLarge(at: part.lowerBound) }
  }

  private func tooLarge(at offset: Int) -> DataError {
    DataError(
      .limitExceeded,
      "a graph of more than \(Skeleton.maximumMessages) parts or \(Skeleton.maximumSize) bytes",
      offset: offset)
  }

  private mutating func append(tag: Int, kind: UInt64) {
    var value = UInt64(tag) << 3 | kind
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  private func checkText(_ field: WireField) throws {
    let text = file[field.content]
    var isASCII = true
    for i in 0..<text.count {
      let byte = text[i]
      guard byte != 0 else {
        throw DataError(.malformed, "a name with a zero byte", offset: field.start)
      }
      if byte >= 0x80 { isASCII = false }
    }
    if isASCII { return }
    do { _ = try text.utf8() } catch var error as DataError {
      error.offset = field.start
      throw error
    }
  }
}
