import BinaryIO

/// Checks everything in an HDF5 file that libhdf5 would believe, before the library sees the file.
///
/// libhdf5 1.10 crashes or never returns on files whose addresses and lengths contradict each other. So this walks it all:
/// superblock, groups, headers, types, chunks and heaps. Only fractal heaps and version 2 trees, which carry checksums, are left
/// to the library; what they lead to is checked when it is met.
/// - Source: HDF5 file format specification 3.0.
struct HDF5Structure: Sendable {
  let bytes: Bytes
  /// Half the entries of a list of members, half the children of a tree node; what they are where no superblock tells.
  private var leafCount = 4
  private var treeCount = 16
  private var seen: Set<Int> = []
  private var waiting: [Int] = []
  var heaps: [Int: Int] = [:]
  var collections: [Int: [Int: Int]] = [:]

  /// - Throws: `.malformed`, `.truncated`, `.limitExceeded` or `.unsupported` with the byte offset.
  init(checking bytes: Bytes) throws {
    self.bytes = bytes
    try superblock()
    try walk()
  }

  /// Checks the object whose header is at `address`, and all that it leads to.
  mutating func check(object address: UInt64) throws {
    guard address <= UInt64(bytes.count) else {
      throw broken("the address \(address) in a file of \(bytes.count) bytes", 0)
    }
    waiting.append(Int(address))
    try walk()
  }

  private mutating func walk() throws {
    while let header = waiting.popLast() {
      if seen.insert(header).inserted { try object(header) }
    }
  }

  // MARK: Words

  static let undefined = UInt64.max

  func broken(_ found: String, _ offset: Int) -> DataError {
    DataError(.malformed, "broken HDF5: \(found)", offset: offset)
  }

  func word<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type, _ offset: Int) throws -> Int {
    let value: T = try bytes.load(at: offset)
    guard let number = Int(exactly: value) else { throw broken("the number \(value)", offset) }
    return number
  }

  /// An address at `offset` of something that has at least `count` bytes; nil when it is undefined.
  func address(_ offset: Int, count: Int = 8) throws -> Int? {
    let value: UInt64 = try bytes.load(at: offset)
    if value == HDF5Structure.undefined { return nil }
    guard value <= UInt64(bytes.count), count <= bytes.count - Int(value) else {
      throw broken("the address \(value) in a file of \(bytes.count) bytes", offset)
    }
    return Int(value)
  }

  func needed(_ offset: Int, count: Int = 8) throws -> Int {
    guard let place = try address(offset, count: count) else {
      throw broken("an address that is not defined", offset)
    }
    return place
  }

  func requireSignature(_ signature: String, _ offset: Int) throws {
    guard try bytes.slice(at: offset, count: 4).elementsEqual(Bytes(Array(signature.utf8))) else {
      throw broken("no '\(signature)'", offset)
    }
  }

  // MARK: Superblock

  private mutating func superblock() throws {
    let version = try word(UInt8.self, 8)
    guard version < 2 else {
      guard try address(20) == nil else {
        throw DataError(.unsupported, "an HDF5 file with an extended superblock", offset: 20)
      }
      if let root = try address(36, count: 16) { waiting.append(root) }
      return
    }
    // Versions of the free space, the root entry and shared headers; one reserved byte between
    guard try word(UInt8.self, 9) == 0, try word(UInt8.self, 10) == 0, try word(UInt8.self, 12) == 0
    else {
      throw broken("a superblock of unknown versions", 9)
    }
    leafCount = try word(UInt16.self, 16)
    treeCount = try word(UInt16.self, 18)
    guard (1...1024).contains(leafCount), (1...1024).contains(treeCount) else {
      throw broken("nodes of \(leafCount) and \(treeCount) entries", 16)
    }
    let start = version == 0 ? 24 : 28
    guard try address(start + 8) == nil, try address(start + 24) == nil else {
      throw DataError(
        .unsupported, "an HDF5 file with a free space table or a driver", offset: start + 8)
    }
    let entry = start + 32
    let header = try needed(entry + 8, count: 16)
    try cache(entry, header)
    waiting.append(header)
  }

  /// What an entry repeats of a group's header must be the same as there.
  private func cache(_ entry: Int, _ header: Int) throws {
    switch try word(UInt32.self, entry + 16) {
    case 0, 2: return
    case 1:
      // A group that has changed its form since has none, and nobody looks here
      guard let (tree, heap) = try symbolTable(of: header) else { return }
      guard try needed(entry + 24) == tree, try needed(entry + 32) == heap else {
        throw broken("an entry that contradicts its group", entry + 24)
      }
    default: throw broken("an entry of an unknown kind", entry + 16)
    }
  }

  /// Tree and heap of a group in the older form; nil when the object is none.
  private func symbolTable(of header: Int) throws -> (tree: Int, heap: Int)? {
    for message in try messages(header) where message.type == 0x11 {
      return (try needed(message.start), try needed(message.start + 8))
    }
    return nil
  }

  // MARK: Objects

  private mutating func object(_ header: Int) throws {
    let messages = try messages(header)
    try check(messages)
    for message in messages where message.type == 0x11 {
      guard message.count >= 16 else { throw broken("a short group", message.start) }
      let size = try heap(try needed(message.start + 8, count: 32))
      var nodes: Set<Int> = []
      try tree(
        try needed(message.start), size, try needed(message.start + 8, count: 32), level: nil,
        &nodes)
    }
  }

  /// The size of a group's heap of names; its list of free places must end.
  private mutating func heap(_ offset: Int) throws -> Int {
    if let known = heaps[offset] { return known }
    try requireSignature("HEAP", offset)
    let size = try word(UInt64.self, offset + 8)
    let data = try needed(offset + 24, count: size)
    guard try word(UInt8.self, offset + 4) == 0 else {
      throw broken("a heap of an unknown version", offset)
    }
    var free = try bytes.load(UInt64.self, at: offset + 16)
    var steps = 0
    while free != 1 && free != HDF5Structure.undefined {
      guard free % 8 == 0, free < UInt64(size), UInt64(size) - free >= 16, steps <= size / 16 else {
        throw broken("a free place outside its heap", offset + 16)
      }
      let length = try bytes.load(UInt64.self, at: data + Int(free) + 8)
      guard length >= 16, length <= UInt64(size) - free else {
        throw broken("a free place of \(length) bytes", data + Int(free) + 8)
      }
      free = try bytes.load(UInt64.self, at: data + Int(free))
      steps += 1
    }
    heaps[offset] = size
    return size
  }

  /// A name in a heap must end inside it.
  private func name(_ offset: Int, _ heap: Int, _ size: Int) throws {
    let place = try word(UInt64.self, offset)
    let data = try needed(heap + 24, count: size)
    guard place < size else { throw broken("a name outside its heap", offset) }
    for i in place..<size where bytes[data + i] == 0 { return }
    throw broken("a name that does not end", offset)
  }

  /// A node of the tree of a group's members.
  private mutating func tree(
    _ offset: Int, _ size: Int, _ heap: Int, level expected: Int?, _ nodes: inout Set<Int>
  ) throws {
    guard nodes.insert(offset).inserted else {
      throw broken("a node that is its own child", offset)
    }
    try requireSignature("TREE", offset)
    _ = try bytes.slice(at: offset, count: 24 + 16 * 2 * treeCount + 8)
    let (level, used) = (try word(UInt8.self, offset + 5), try word(UInt16.self, offset + 6))
    guard try word(UInt8.self, offset + 4) == 0, used <= 2 * treeCount, level <= 32,
      expected == nil || level == expected
    else { throw broken("a node of a group's tree", offset) }
    _ = (try address(offset + 8), try address(offset + 16))
    for i in 0..<used {
      try name(offset + 24 + 16 * i, heap, size)
      let child = try needed(offset + 32 + 16 * i, count: 8)
      if level > 0 {
        try tree(child, size, heap, level: level - 1, &nodes)
      } else {
        guard nodes.insert(child).inserted else { throw broken("a node that occurs twice", child) }
        try symbols(child, size, heap)
      }
    }
    if used > 0 { try name(offset + 24 + 16 * used, heap, size) }
  }

  /// A list of members.
  private mutating func symbols(_ offset: Int, _ size: Int, _ heap: Int) throws {
    try requireSignature("SNOD", offset)
    _ = try bytes.slice(at: offset, count: 8 + 40 * 2 * leafCount)
    let count = try word(UInt16.self, offset + 6)
    guard try word(UInt8.self, offset + 4) == 1, count <= 2 * leafCount else {
      throw broken("a list of \(count) members", offset)
    }
    for entry in (0..<count).map({ offset + 8 + 40 * $0 }) {
      try name(entry, heap, size)
      if try word(UInt32.self, entry + 16) == 2 {
        let value = try word(UInt32.self, entry + 24)
        guard value < size else { throw broken("a link outside its heap", entry + 24) }
        let data = try needed(heap + 24, count: size)
        guard (value..<size).contains(where: { bytes[data + $0] == 0 }) else {
          throw broken("a link that does not end", entry + 24)
        }
        continue
      }
      let header = try needed(entry + 8, count: 16)
      try cache(entry, header)
      waiting.append(header)
    }
  }

  mutating func later(_ header: Int) { waiting.append(header) }
}
