import BinaryIO

/// Runs a pickle without executing anything: what another loader would call becomes a record of the call.
///
/// All it can do is build values, bounded in number; a global is kept as its name.
struct PickleMachine {
  /// What one pickle may make us hold.
  enum Limits {
    static let nodes = 5_000_000
    static let stack = 5_000_000
    static let marks = 10_000
    /// Entries that are copied from one dictionary into the next.
    static let copies = 5_000_000
  }

  private(set) var heap = PickleHeap()
  private var reader: ByteReader
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo = PickleMemo()
  private var opcodeOffset = 0
  private var copies = 0

  /// A machine for the pickle that begins at `position`.
  init(_ bytes: Bytes, at position: Int = 0) { reader = ByteReader(bytes, at: position) }

  /// Bytes from the start of the file to the end of the pickle.
  var position: Int { reader.position }

  /// Runs to the end of the pickle.
  /// - Returns: the value that it leaves.
  /// - Throws: `.malformed`, `.truncated`, `.limitExceeded`, with the offset.
  mutating func run() throws -> PickleValue {
    while true {
      opcodeOffset = reader.position
      let code = try reader.read(UInt8.self)
      guard let opcode = PickleOpcode(rawValue: code) else {
        throw malformed("an unknown pickle opcode \(code)")
      }
      if opcode == .stop { return try pop() }
      try step(opcode)
      guard heap.nodes.count <= Limits.nodes, stack.count <= Limits.stack,
        copies <= Limits.copies
      else {
        throw DataError(.limitExceeded, "a pickle of too many objects", offset: opcodeOffset)
      }
    }
  }

  private mutating func step(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .proto:
      let version = try reader.read(UInt8.self)
      guard version <= 5 else { throw malformed("pickle protocol \(version)") }
    case .frame: try reader.skip(8)
    case .mark:
      guard marks.count < Limits.marks else {
        throw DataError(.limitExceeded, "a pickle nested too deeply", offset: opcodeOffset)
      }
      marks.append(stack.count)
    case .pop:
      if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .dup: try push(top())
    case .stop: break
    case .none, .newTrue, .newFalse, .int, .binInt, .binInt1, .binInt2, .long, .long1, .long4,
      .float,
      .binFloat:
      try push(number(opcode))
    case .string, .binString, .shortBinString, .unicode, .binUnicode, .shortBinUnicode,
      .binUnicode8,
      .binBytes, .shortBinBytes, .binBytes8, .byteArray8:
      try push(text(opcode))
    case .nextBuffer, .readOnlyBuffer:
      throw DataError(.unsupported, "a pickle with buffers outside of it", offset: opcodeOffset)
    case .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3, .emptyList, .list, .emptyDictionary,
      .dictionary, .emptySet, .frozenSet:
      try push(container(opcode))
    case .append, .appends, .addItems: try append(opcode)
    case .setItem, .setItems: try setItems(opcode)
    case .get, .binGet, .longBinGet, .put, .binPut, .longBinPut, .memoize: try remember(opcode)
    case .global, .stackGlobal, .extension1, .extension2, .extension4: try push(global(opcode))
    case .reduce, .newObject, .newObjectWithKeywords, .inst, .object: try push(object(opcode))
    case .build: try build()
    case .persistentID, .binPersistentID: try push(persistent(opcode))
    }
  }

  // MARK: Stack

  private mutating func push(_ value: PickleValue) throws { stack.append(value) }

  private mutating func pop() throws -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw malformed("a pickle that takes from an empty stack")
    }
    return value
  }

  private func top() throws -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.last else {
      throw malformed("a pickle that looks at an empty stack")
    }
    return value
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("a pickle that misses a mark") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  /// The object on top, to which something is added.
  private func topNode() throws -> Int {
    guard case .node(let index) = try top() else {
      throw malformed("a pickle that adds to a plain value")
    }
    return index
  }

  private mutating func add(_ node: PickleNode) -> PickleValue { heap.add(node, at: opcodeOffset) }

  private func malformed(_ found: String) -> DataError {
    DataError(.malformed, found, offset: opcodeOffset)
  }

  // MARK: Containers

  private mutating func container(_ opcode: PickleOpcode) throws -> PickleValue {
    var node: PickleNode
    switch opcode {
    case .emptyList, .list: node = PickleNode(.list)
    case .emptyDictionary, .dictionary: node = PickleNode(.dictionary)
    case .emptySet, .frozenSet: node = PickleNode(.set)
    default: node = PickleNode(.tuple)
    }
    switch opcode {
    case .tuple1, .tuple2, .tuple3:
      let count = Int(opcode.rawValue - PickleOpcode.tuple1.rawValue) + 1
      for _ in 0..<count { node.elements.append(try pop()) }
      node.elements.reverse()
    case .tuple, .list, .frozenSet: node.elements = try popToMark()
    case .dictionary:
      node.pairs = try popToMark()
      guard node.pairs.count % 2 == 0 else { throw malformed("a key without a value") }
    default: break
    }
    return add(node)
  }

  private mutating func append(_ opcode: PickleOpcode) throws {
    let values = opcode == .append ? [try pop()] : try popToMark()
    let index = try topNode()
    switch heap[index].kind {
    case .list, .set, .object, .dictionary: heap[index].elements += values
    default: throw malformed("a pickle that appends to what is no list")
    }
  }

  private mutating func setItems(_ opcode: PickleOpcode) throws {
    let values: [PickleValue]
    if opcode == .setItem {
      let value = try pop()
      values = [try pop(), value]
    } else {
      values = try popToMark()
    }
    guard values.count % 2 == 0 else { throw malformed("a key without a value") }
    let index = try topNode()
    switch heap[index].kind {
    case .dictionary, .object: heap[index].pairs += values
    default: throw malformed("a pickle that sets a key of what is no dictionary")
    }
  }

  private mutating func remember(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .memoize: try memo.put(top(), at: memo.count)
    case .put: try memo.put(top(), at: decimal(try reader.readLine()))
    case .binPut: try memo.put(top(), at: Int(try reader.read(UInt8.self)))
    case .longBinPut: try memo.put(top(), at: Int(try reader.read(UInt32.self)))
    default:
      let index =
        switch opcode {
        case .get: try decimal(try reader.readLine())
        case .binGet: Int(try reader.read(UInt8.self))
        default: Int(try reader.read(UInt32.self))
        }
      guard let value = memo[index] else { throw malformed("memo \(index), which is empty") }
      try push(value)
    }
  }

  // MARK: Objects

  private mutating func global(_ opcode: PickleOpcode) throws -> PickleValue {
    let name: String
    switch opcode {
    case .global:
      name = "\(try line()).\(try line())"
    case .stackGlobal:
      guard case .string(let member) = try pop(), case .string(let module) = try pop() else {
        throw malformed("a global whose name is no text")
      }
      name = "\(module).\(member)"
    case .extension1: name = "copyreg.extension.\(try reader.read(UInt8.self))"
    case .extension2: name = "copyreg.extension.\(try reader.read(UInt16.self))"
    default: name = "copyreg.extension.\(try reader.read(UInt32.self))"
    }
    return heap.addGlobal(name, at: opcodeOffset)
  }

  private mutating func object(_ opcode: PickleOpcode) throws -> PickleValue {
    var node = PickleNode(.object)
    switch opcode {
    case .inst:
      node.callable = heap.addGlobal("\(try line()).\(try line())", at: opcodeOffset)
      node.arguments = tuple(try popToMark())
    case .object:
      var values = try popToMark()
      guard !values.isEmpty else { throw malformed("an object without its class") }
      node.callable = values.removeFirst()
      node.arguments = tuple(values)
    default:
      // Keyword arguments belong to no class that we know
      if opcode == .newObjectWithKeywords { node.pairs = heap.node(try pop())?.pairs ?? [] }
      node.arguments = try pop()
      node.callable = try pop()
    }
    if let known = wellKnown(node) { return known }
    return add(node)
  }

  private mutating func tuple(_ elements: [PickleValue]) -> PickleValue {
    var node = PickleNode(.tuple)
    node.elements = elements
    return add(node)
  }

  /// Python's own containers, which are made by calls as well.
  private mutating func wellKnown(_ node: PickleNode) -> PickleValue? {
    guard let name = heap.globalName(node.callable), let arguments = heap.sequence(node.arguments)
    else { return nil }
    switch name {
    case "collections.OrderedDict", "collections.Counter", "collections.defaultdict",
      "builtins.dict", "__builtin__.dict":
      var dictionary = PickleNode(.dictionary)
      // The first argument of a defaultdict makes its missing values
      let content = name.hasSuffix("defaultdict") ? arguments.dropFirst() : arguments[...]
      if let first = content.first {
        if let other = heap.node(first), case .dictionary = other.kind {
          dictionary.pairs = other.pairs
        } else if let elements = heap.sequence(first) {
          let pairs = elements.compactMap { heap.sequence($0) }.filter { $0.count == 2 }
          guard pairs.count == elements.count else { return nil }
          dictionary.pairs = pairs.flatMap { $0 }
        }
        copies += dictionary.pairs.count
      }
      return add(dictionary)
    case "builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset":
      var set = PickleNode(.set)
      if let first = arguments.first { set.elements = heap.sequence(first) ?? [] }
      copies += set.elements.count
      return add(set)
    default: return nil
    }
  }

  private mutating func build() throws {
    let state = try pop()
    let index = try topNode()
    switch heap[index].kind {
    case .object, .dictionary: heap[index].state = state
    default:
      // Nothing that we know of has a state here; kept as a record of the call that it would be
      var node = PickleNode(.object)
      node.callable = try pop()
      node.state = state
      try push(add(node))
    }
  }

  private mutating func persistent(_ opcode: PickleOpcode) throws -> PickleValue {
    var node = PickleNode(.persistent)
    node.arguments = opcode == .persistentID ? .string(try line()) : try pop()
    return add(node)
  }

  // MARK: Plain values

  private mutating func line() throws -> String { try reader.readLine().utf8() }

  private func decimal(_ line: Bytes) throws -> Int {
    guard let value = Int(try line.utf8()), value >= 0 else {
      throw malformed("a memo index that is no number")
    }
    return value
  }

  private mutating func number(_ opcode: PickleOpcode) throws -> PickleValue {
    switch opcode {
    case .none: return .none
    case .newTrue: return .bool(true)
    case .newFalse: return .bool(false)
    case .binInt: return .integer(Int(try reader.read(Int32.self)))
    case .binInt1: return .integer(Int(try reader.read(UInt8.self)))
    case .binInt2: return .integer(Int(try reader.read(UInt16.self)))
    case .binFloat: return .float(Double(bitPattern: try reader.read(UInt64.self).byteSwapped))
    case .float:
      guard let value = Double(try line()) else { throw malformed("a float that is none") }
      return .float(value)
    case .long1: return try long(count: Int(try reader.read(UInt8.self)))
    case .long4: return try long(count: Int(try reader.read(Int32.self)))
    default:
      var digits = try line()
      if opcode == .int, digits == "00" || digits == "01" { return .bool(digits == "01") }
      if digits.hasSuffix("L") { digits.removeLast() }
      guard let value = Int(digits) else {
        throw malformed("an integer that is none, or beyond 64 bits")
      }
      return .integer(value)
    }
  }

  /// An integer of `count` bytes, two's complement.
  private mutating func long(count: Int) throws -> PickleValue {
    let bytes = try reader.readBytes(count)
    guard count <= 8 else { return add(PickleNode(.bigInteger(bytes.array))) }
    var value: UInt64 = count > 0 && bytes[count - 1] >= 0x80 ? .max : 0
    for i in (0..<count).reversed() { value = value << 8 | UInt64(bytes[i]) }
    return .integer(Int(Int64(bitPattern: value)))
  }

  private mutating func text(_ opcode: PickleOpcode) throws -> PickleValue {
    switch opcode {
    case .unicode: return .string(try PickleText.rawUnicode(try reader.readLine()))
    case .string:
      return pythonString(Bytes(try PickleText.quoted(try reader.readLine())))
    case .binString: return pythonString(try reader.readBytes(Int(try reader.read(Int32.self))))
    case .shortBinString:
      return pythonString(try reader.readBytes(Int(try reader.read(UInt8.self))))
    case .shortBinUnicode: return .string(try unicode(Int(try reader.read(UInt8.self))))
    case .binUnicode: return .string(try unicode(Int(try reader.read(UInt32.self))))
    case .binUnicode8: return .string(try unicode(try count64()))
    case .shortBinBytes: return try bytes(Int(try reader.read(UInt8.self)))
    case .binBytes: return try bytes(Int(try reader.read(UInt32.self)))
    default: return try bytes(try count64())
    }
  }

  private mutating func count64() throws -> Int {
    guard let count = Int(exactly: try reader.read(UInt64.self)) else {
      throw malformed("a text of more than 2^63 bytes")
    }
    return count
  }

  private mutating func unicode(_ count: Int) throws -> String {
    let bytes = try reader.readBytes(count)
    do { return try bytes.utf8() } catch { throw malformed("a text that is not UTF-8") }
  }

  private mutating func bytes(_ count: Int) throws -> PickleValue {
    add(PickleNode(.bytes(try reader.readBytes(count).array)))
  }

  /// What Python 2 called a string: text, or bytes when it is not UTF-8.
  private mutating func pythonString(_ bytes: Bytes) -> PickleValue {
    if let text = try? bytes.utf8() { return .string(text) }
    return add(PickleNode(.bytes(bytes.array)))
  }
}
