/// Writes protocol 2 with the opcodes that PyTorch's restricted loader knows.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [PickleOpcode.proto.rawValue, 2]
  /// Globals and texts that come again and again, by their place in the memo.
  private var memo: [String: Int] = [:]

  mutating func write(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  mutating func write(_ value: Int) {
    if let small = UInt8(exactly: value) {
      write(.binInt1)
      bytes.append(small)
    } else if let medium = Int32(exactly: value) {
      write(.binInt)
      append(UInt32(bitPattern: medium))
    } else {
      write(.long1)
      bytes.append(8)
      append(UInt64(bitPattern: Int64(value)))
    }
  }

  mutating func write(_ value: Double) {
    write(.binFloat)
    append(value.bitPattern.byteSwapped)
  }

  mutating func write(_ text: String) {
    write(.binUnicode)
    append(UInt32(text.utf8.count))
    bytes += Array(text.utf8)
  }

  /// A text that is written once and referred to afterwards.
  mutating func writeShared(_ text: String) {
    remembering("text \(text)") { $0.write(text) }
  }

  mutating func writeGlobal(_ module: String, _ name: String) {
    remembering("global \(module).\(name)") {
      $0.write(.global)
      $0.bytes += Array("\(module)\n\(name)\n".utf8)
    }
  }

  mutating func writeTuple(_ integers: [Int]) {
    guard !integers.isEmpty else { return write(.emptyTuple) }
    write(.mark)
    for integer in integers { write(integer) }
    write(.tuple)
  }

  private mutating func remembering(_ key: String, _ body: (inout PickleWriter) -> Void) {
    if let index = memo[key] {
      write(.binGet)
      bytes.append(UInt8(index))
      return
    }
    body(&self)
    guard memo.count < 256 else { return }
    write(.binPut)
    bytes.append(UInt8(memo.count))
    memo[key] = memo.count
  }

  private mutating func append<T: FixedWidthInteger>(_ value: T) {
    for i in 0..<MemoryLayout<T>.size {
      bytes.append(UInt8(truncatingIfNeeded: value >> (8 * T(i))))
    }
  }
}
