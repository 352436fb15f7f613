import BinaryIO

extension HDF5Structure {
  /// A part of an object's header.
  struct Message {
    var type: Int
    var start: Int
    var count: Int
    var end: Int { start + count }
  }

  /// All messages of a header, those of its continuations too.
  func messages(_ header: Int) throws -> [Message] {
    try word(UInt8.self, header) == 1 ? try oldMessages(header) : try newMessages(header)
  }

  /// A header of version 2: a signature at the beginning of each part, a checksum at the end.
  private func newMessages(_ header: Int) throws -> [Message] {
    try requireSignature("OHDR", header)
    let flags = try word(UInt8.self, header + 5)
    guard try word(UInt8.self, header + 4) == 2, flags < 64 else {
      throw broken("a header", header)
    }
    var place = header + 6 + (flags & 0x20 == 0 ? 0 : 16) + (flags & 0x10 == 0 ? 0 : 4)
    let width = 1 << (flags & 3)
    var length = 0
    for i in (0..<width).reversed() {
      let byte = try word(UInt8.self, place + i)
      guard length < 1 << 40 else { throw broken("a header's length", place) }
      length = length << 8 | byte
    }
    place += width
    _ = try bytes.slice(at: place, count: length + 4)
    var pieces = [(start: place, end: place + length)]
    var found: [Message] = []
    var next = 0
    let head = 4 + (flags & 4 == 0 ? 0 : 2)
    while next < pieces.count {
      var (place, end) = pieces[next]
      next += 1
      // What is too short for a message at the end is a gap
      while place + head <= end {
        let size = try word(UInt16.self, place + 1)
        let message = Message(
          type: try word(UInt8.self, place), start: place + head, count: size)
        guard message.end <= end else { throw broken("a message of \(size) bytes", place) }
        if bytes[place + 3] & 2 != 0 {
          throw DataError(.unsupported, "an HDF5 message that lies elsewhere", offset: place)
        }
        found.append(message)
        if message.type == 0x10 {
          guard size >= 16 else { throw broken("a short continuation", place) }
          let length = try word(UInt64.self, message.start + 8)
          let target = try needed(message.start, count: length)
          try requireSignature("OCHK", target)
          guard length >= 8, pieces.count < 1000,
            !pieces.contains(where: { $0.start == target + 4 })
          else { throw broken("a header that continues in itself", message.start) }
          pieces.append((target + 4, target + length - 4))
        }
        place = message.end
      }
    }
    return found
  }

  /// A header of version 1, whose messages have multiples of 8 bytes.
  private func oldMessages(_ header: Int) throws -> [Message] {
    let announced = try word(UInt16.self, header + 2)
    var pieces = [(start: header + 16, count: try word(UInt32.self, header + 8))]
    var starts: Set<Int> = [header + 16]
    var found: [Message] = []
    var next = 0
    while next < pieces.count {
      let (start, count) = pieces[next]
      next += 1
      _ = try bytes.slice(at: start, count: count)
      var place = start
      while place + 8 <= start + count {
        let size = try word(UInt16.self, place + 2)
        let message = Message(type: try word(UInt16.self, place), start: place + 8, count: size)
        guard size % 8 == 0, size <= start + count - message.start else {
          throw broken("a message of \(size) bytes", place + 2)
        }
        if bytes[place + 4] & 2 != 0 {
          throw DataError(.unsupported, "an HDF5 message that lies elsewhere", offset: place + 4)
        }
        found.append(message)
        if message.type == 0x10 {
          guard size >= 16 else { throw broken("a short continuation", place) }
          let length = try word(UInt64.self, message.start + 8)
          let target = try needed(message.start, count: length)
          guard starts.insert(target).inserted, pieces.count < 1000 else {
            throw broken("a header that continues in itself", message.start)
          }
          pieces.append((target, length))
        }
        place = message.end
      }
      guard place == start + count else { throw broken("a gap in a header", place) }
    }
    guard found.count == announced else {
      throw broken("\(found.count) messages of \(announced)", header + 2)
    }
    return found
  }

  /// What the messages of one object say must fit together.
  mutating func check(_ messages: [Message]) throws {
    var elementSize = 0
    var rank = 0
    for message in messages {
      switch message.type {
      case 0x01: rank = try space(message.start, message.end).rank
      case 0x03: elementSize = try type(message.start, message.end).size
      default: break
      }
    }
    for message in messages {
      switch message.type {
      case 0x00, 0x01, 0x03, 0x0D, 0x10, 0x11: break
      case 0x04: try fits(4 + (try word(UInt32.self, message.start)), message)
      case 0x05: try fill(message)
      case 0x06: try link(message)
      case 0x02, 0x0A, 0x15: try fits(2, message)
      case 0x07:
        throw DataError(
          .unsupported, "a dataset whose elements lie in another file", offset: message.start,
          remedy: "this is not followed")
      case 0x08: try layout(message, rank: rank, elementSize: elementSize)
      case 0x0B: try pipeline(message)
      case 0x0C: try attribute(message)
      case 0x0E, 0x12, 0x16: try fits(4, message)
      default: throw broken("a message of the unknown kind \(message.type)", message.start)
      }
    }
  }

  func fits(_ count: Int, _ message: Message) throws {
    guard count >= 0, count <= message.count else { throw broken("a short message", message.start) }
  }

  /// The value of elements that were never written.
  private func fill(_ message: Message) throws {
    try fits(4, message)
    let version = try word(UInt8.self, message.start)
    let hasValue: Bool
    let at: Int
    switch version {
    case 1: (hasValue, at) = (true, 4)
    case 2: (hasValue, at) = (try word(UInt8.self, message.start + 3) != 0, 4)
    case 3: (hasValue, at) = (try word(UInt8.self, message.start + 1) & 0x20 != 0, 2)
    default: throw broken("a fill value of an unknown version", message.start)
    }
    guard hasValue else { return }
    try fits(at + 4, message)
    let size: Int32 = try bytes.load(at: message.start + at)
    guard size <= 4096 else { throw broken("a fill value of \(size) bytes", message.start + at) }
    if size > 0 { try fits(at + 4 + Int(size), message) }
  }

  /// A member of a group in the newer form.
  private mutating func link(_ message: Message) throws {
    try fits(2, message)
    guard try word(UInt8.self, message.start) == 1 else {
      throw broken("a link of an unknown version", message.start)
    }
    let flags = try word(UInt8.self, message.start + 1)
    var place = message.start + 2
    var kind = 0
    if flags & 0x08 != 0 {
      kind = try word(UInt8.self, place)
      place += 1
    }
    if flags & 0x04 != 0 { place += 8 }
    if flags & 0x10 != 0 { place += 1 }
    let width = 1 << (flags & 3)
    try fits(place - message.start + width, message)
    var length = 0
    for i in (0..<min(width, 4)).reversed() { length = length << 8 | Int(bytes[place + i]) }
    place += width
    guard length > 0, length <= message.end - place else { throw broken("a link's name", place) }
    place += length
    switch kind {
    case 0:
      guard place + 8 <= message.end else { throw broken("a short link", place) }
      later(try needed(place, count: 16))
    default:
      guard place + 2 <= message.end, try word(UInt16.self, place) <= message.end - place - 2 else {
        throw broken("a short link", place)
      }
    }
  }

  /// Filters: only those that come with every HDF5 library.
  private func pipeline(_ message: Message) throws {
    try fits(2, message)
    let version = try word(UInt8.self, message.start)
    let count = try word(UInt8.self, message.start + 1)
    guard version == 1 || version == 2, (1...32).contains(count) else {
      throw broken("\(count) filters", message.start)
    }
    var place = message.start + (version == 1 ? 8 : 2)
    for _ in 0..<count {
      guard place + 8 <= message.end else { throw broken("a short filter", place) }
      let filter = try word(UInt16.self, place)
      guard [1, 2, 3].contains(filter) else {
        throw DataError(
          .unsupported, "packed by HDF5 filter \(filter)", expected: "gzip, shuffle", offset: place)
      }
      // Version 2 leaves the name out for these filters
      let name = version == 1 ? try word(UInt16.self, place + 2) : 0
      let values = try word(UInt16.self, place + (version == 1 ? 6 : 4))
      guard values <= 16, name <= 256, name % 8 == 0 else {
        throw broken("a filter's settings", place)
      }
      place += (version == 1 ? 8 : 6) + name + 4 * (values + (version == 1 ? values % 2 : 0))
      guard place <= message.end else { throw broken("a short filter", place) }
    }
  }
}
