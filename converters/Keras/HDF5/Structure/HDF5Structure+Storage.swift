import BinaryIO

extension HDF5Structure {
  /// Where a dataset's elements are.
  func layout(_ message: Message, rank: Int, elementSize: Int) throws {
    try fits(2, message)
    let version = try word(UInt8.self, message.start)
    guard version >= 3 else { return try oldLayout(message) }
    let kind = try word(UInt8.self, message.start + 1)
    // Version 4 has other chunks, in structures with checksums
    if version == 4, kind == 2 { return }
    guard version <= 4 else { throw broken("a layout of version \(version)", message.start) }
    switch kind {
    case 0:
      try fits(4, message)
      try fits(4 + (try word(UInt16.self, message.start + 2)), message)
    case 1:
      try fits(18, message)
      let size: UInt64 = try bytes.load(at: message.start + 10)
      let place: UInt64 = try bytes.load(at: message.start + 2)
      guard place != HDF5Structure.undefined else { return }
      _ = try needed(message.start + 2, count: Int(clamping: size))
    case 2:
      try fits(3, message)
      let axes = try word(UInt8.self, message.start + 2)
      guard axes == rank + 1, axes <= 33 else {
        throw broken("chunks of \(axes - 1) axes", message.start)
      }
      try fits(11 + 4 * axes, message)
      var count = 1
      for axis in 0..<axes {
        let extent = try word(UInt32.self, message.start + 11 + 4 * axis)
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard extent > 0, !overflow, product <= 1 << 31 else {
          throw DataError(
            .limitExceeded, "an HDF5 chunk with an extent of \(extent)", offset: message.start + 11)
        }
        count = product
      }
      guard try word(UInt32.self, message.start + 7 + 4 * axes) == elementSize else {
        throw broken("chunks of other elements", message.start)
      }
      if let tree = try address(message.start + 3, count: 24) {
        var nodes: Set<Int> = []
        try chunks(tree, axes: axes, largest: count, level: nil, &nodes)
      }
    default: throw broken("a layout of an unknown kind", message.start + 1)
    }
  }

  /// The layout before HDF5 1.6.3: only what lies in one piece.
  private func oldLayout(_ message: Message) throws {
    try fits(16, message)
    let version = try word(UInt8.self, message.start)
    guard version == 1 || version == 2, try word(UInt8.self, message.start + 2) == 1 else {
      throw DataError(.unsupported, "an HDF5 layout of version \(version)", offset: message.start)
    }
    let axes = try word(UInt8.self, message.start + 1)
    guard axes <= 33 else { throw broken("a layout of \(axes) axes", message.start) }
    try fits(16 + 4 * axes, message)
    _ = try address(message.start + 8)
  }

  /// A node of the tree of a dataset's chunks; 32 is the number of children that the library takes for granted.
  private func chunks(
    _ offset: Int, axes: Int, largest: Int, level expected: Int?, _ nodes: inout Set<Int>
  ) throws {
    guard nodes.insert(offset).inserted else {
      throw broken("a node that is its own child", offset)
    }
    try requireSignature("TREE", offset)
    let key = 8 + 8 * axes
    _ = try bytes.slice(at: offset, count: 24 + 64 * (key + 8) + key)
    let (level, used) = (try word(UInt8.self, offset + 5), try word(UInt16.self, offset + 6))
    guard try word(UInt8.self, offset + 4) == 1, used <= 64, level <= 32,
      expected == nil || level == expected
    else { throw broken("a node of a chunk tree", offset) }
    _ = (try address(offset + 8), try address(offset + 16))
    for i in 0..<used {
      let place = offset + 24 + (key + 8) * i
      let size = try word(UInt32.self, place)
      guard size <= 2 * largest + 4096 else { throw broken("a chunk of \(size) bytes", place) }
      if level > 0 {
        try chunks(
          try needed(place + key, count: 24), axes: axes, largest: largest, level: level - 1, &nodes
        )
      } else {
        _ = try needed(place + key, count: size)
      }
    }
  }
}
