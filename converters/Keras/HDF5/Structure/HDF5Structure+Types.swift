import BinaryIO

extension HDF5Structure {
  /// Extents of an array.
  func space(_ start: Int, _ end: Int) throws -> (rank: Int, count: Int) {
    guard start + 4 <= end else { throw broken("a short dataspace", start) }
    let version = try word(UInt8.self, start)
    let rank = try word(UInt8.self, start + 1)
    let flags = try word(UInt8.self, start + 2)
    guard version == 1 || version == 2, rank <= 32, flags <= 1 else {
      throw broken("a dataspace of \(rank) axes", start)
    }
    if version == 2, try word(UInt8.self, start + 3) > 2 { throw broken("a dataspace", start + 3) }
    let first = start + (version == 1 ? 8 : 4)
    guard first + 8 * rank * (1 + flags) <= end else { throw broken("a short dataspace", start) }
    var count = 1
    for axis in 0..<rank {
      let extent: UInt64 = try bytes.load(at: first + 8 * axis)
      let (product, overflow) = count.multipliedReportingOverflow(by: Int(clamping: extent))
      guard !overflow, product <= 1 << 48 else {
        throw DataError(
          .limitExceeded, "an HDF5 array with an extent of \(extent)", offset: first + 8 * axis)
      }
      count = product
    }
    return (rank, count)
  }

  /// What an element is: its size, whether it points into a heap, and where its description ends.
  func type(_ start: Int, _ end: Int, depth: Int = 0) throws -> (
    size: Int, isVariable: Bool, end: Int
  ) {
    guard start + 8 <= end, depth < 4 else { throw broken("a short datatype", start) }
    let head = try word(UInt8.self, start)
    let (kind, version) = (head & 15, head >> 4)
    let size = try word(UInt32.self, start + 4)
    guard (1...3).contains(version), size > 0, size <= 1 << 24 else {
      throw broken("a datatype of \(size) bytes", start)
    }
    let details = start + 8
    func require(_ count: Int) throws {
      guard details + count <= end else { throw broken("a short datatype", start) }
    }
    switch kind {
    case 0:
      try require(4)
      try bits(try word(UInt16.self, details), try word(UInt16.self, details + 2), size, details)
      return (size, false, details + 4)
    case 1:
      try require(12)
      let precision = try word(UInt16.self, details + 2)
      try bits(try word(UInt16.self, details), precision, size, details)
      // The parts of a floating-point number must lie inside it
      try bits(Int(bytes[details + 4]), Int(bytes[details + 5]), size, details)
      try bits(Int(bytes[details + 6]), Int(bytes[details + 7]), size, details)
      guard Int(bytes[start + 2]) < size * 8 else { throw broken("a floating-point type", start) }
      return (size, false, details + 12)
    case 3: return (size, false, details)
    case 5:
      let tag = Int(bytes[start + 1])
      guard tag % 8 == 0 else { throw broken("an opaque type", start) }
      try require(tag)
      return (size, false, details + tag)
    case 8:
      let base = try type(details, end, depth: depth + 1)
      guard base.size == size, !base.isVariable else { throw broken("an enumeration", start) }
      return (size, false, try members(start, base.end, end, size, version))
    case 9:
      guard size == 16 else { throw broken("a type of variable length", start) }
      let base = try type(details, end, depth: depth + 1)
      guard !base.isVariable, base.size == 1 else {
        throw DataError(.unsupported, "HDF5 lists of variable length", offset: start)
      }
      return (size, true, base.end)
    default:
      throw DataError(
        .unsupported, "HDF5 elements of class \(kind)", expected: "numbers or texts", offset: start)
    }
  }

  private func bits(_ offset: Int, _ count: Int, _ size: Int, _ place: Int) throws {
    guard count > 0, size <= 16, offset + count <= size * 8 else {
      throw broken("a number of \(count) bits at bit \(offset) of \(size) bytes", place)
    }
  }

  /// Names, then values of an enumeration.
  private func members(_ start: Int, _ first: Int, _ end: Int, _ size: Int, _ version: Int) throws
    -> Int
  {
    let count = Int(bytes[start + 1]) | Int(bytes[start + 2]) << 8
    guard (1...1000).contains(count) else { throw broken("an enumeration of \(count)", start) }
    var place = first
    for _ in 0..<count {
      let begin = place
      while place < end, bytes[place] != 0 { place += 1 }
      guard place < end, place > begin else { throw broken("an enumeration's name", begin) }
      place += 1
      if version < 3 { place = begin + (place - begin + 7) / 8 * 8 }
    }
    guard place + count * size <= end else { throw broken("a short enumeration", start) }
    return place + count * size
  }

  /// An attribute: name, type, extents, values.
  mutating func attribute(_ message: Message) throws {
    try fits(8, message)
    let version = try word(UInt8.self, message.start)
    guard (1...3).contains(version) else {
      throw broken("an attribute of an unknown version", message.start)
    }
    if version > 1, try word(UInt8.self, message.start + 1) != 0 {
      throw DataError(.unsupported, "an attribute whose type lies elsewhere", offset: message.start)
    }
    var parts: [(start: Int, end: Int)] = []
    var place = message.start + (version == 3 ? 9 : 8)
    for i in 0..<3 {
      let size = try word(UInt16.self, message.start + 2 + 2 * i)
      parts.append((place, place + size))
      place += version == 1 ? (size + 7) / 8 * 8 : size
      guard size > 0, place <= message.end else { throw broken("a short attribute", message.start) }
    }
    guard bytes[parts[0].end - 1] == 0 else { throw broken("an attribute's name", parts[0].start) }
    let element = try type(parts[1].start, parts[1].end)
    let (_, count) = try space(parts[2].start, parts[2].end)
    let (size, overflow) = element.size.multipliedReportingOverflow(by: count)
    guard !overflow, size <= message.end - place else {
      throw broken("an attribute of \(count) elements", message.start)
    }
    guard element.isVariable else { return }
    for i in 0..<count { try reference(place + 16 * i) }
  }

  /// The length of a text, and where in which heap it is.
  private mutating func reference(_ offset: Int) throws {
    let length = try word(UInt32.self, offset)
    let value: UInt64 = try bytes.load(at: offset + 4)
    let index = try word(UInt32.self, offset + 12)
    if length == 0 { if value == 0 || value == HDF5Structure.undefined { return } }
    let heap = try needed(offset + 4, count: 16)
    guard let size = try collection(heap)[index], length <= size else {
      throw broken("a text of \(length) bytes that is not in its heap", offset)
    }
  }

  /// Sizes of the objects in a heap that objects share.
  private mutating func collection(_ offset: Int) throws -> [Int: Int] {
    if let known = collections[offset] { return known }
    try requireSignature("GCOL", offset)
    let size = try word(UInt64.self, offset + 8)
    guard size >= 4096, size % 8 == 0, try word(UInt8.self, offset + 4) == 1 else {
      throw broken("a heap of \(size) bytes", offset)
    }
    _ = try bytes.slice(at: offset, count: size)
    var objects: [Int: Int] = [:]
    var place = offset + 16
    while place + 16 <= offset + size {
      let index = try word(UInt16.self, place)
      let count = try word(UInt64.self, place + 8)
      if index == 0 {
        // The rest is free, and says so
        guard count >= 16, count % 8 == 0, count <= offset + size - place else {
          throw broken("free space of \(count) bytes", place + 8)
        }
        place += count
        continue
      }
      guard count <= offset + size - place - 16, objects.updateValue(count, forKey: index) == nil
      else {
        throw broken("a heap object of \(count) bytes", place + 8)
      }
      place += 16 + (count + 7) / 8 * 8
    }
    collections[offset] = objects
    return objects
  }
}
