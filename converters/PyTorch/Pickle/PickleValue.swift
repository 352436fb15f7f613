/// A value of a pickle. Everything that can hold other values lies in a `PickleHeap` and is named by its place there.
///
/// So a million nested lists are a million array elements, and nothing recurses when they go away.
enum PickleValue: Sendable, Hashable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  case node(Int)
}

/// A value that holds others, or more than fits a `PickleValue`.
struct PickleNode: Sendable {
  enum Kind: Sendable {
    case tuple, list, set
    /// `pairs` are its entries; also OrderedDict and its kin, whose instance attributes are `state`.
    case dictionary
    /// A class or function by its full name; it is never looked up.
    case global(String)
    /// What another loader would get by calling `callable` with `arguments`; a record, nothing more.
    case object
    /// What lies outside of the pickle; `arguments` is its identifier.
    case persistent
    case bytes([UInt8])
    /// An integer that does not fit 64 bits, two's complement, little-endian.
    case bigInteger([UInt8])
  }

  var kind: Kind
  /// Elements of a tuple, list or set; what was appended to an object.
  var elements: [PickleValue] = []
  /// Keys and values in turn; also what was set on an object.
  var pairs: [PickleValue] = []
  var callable = PickleValue.none
  var arguments = PickleValue.none
  var state: PickleValue?
  /// Where the pickle made it.
  var offset = 0

  init(_ kind: Kind) { self.kind = kind }
}

/// The values of one pickle.
struct PickleHeap: Sendable {
  private(set) var nodes: [PickleNode] = []
  /// The globals in the order in which the pickle names them, each with its first place.
  private(set) var globals: [(name: String, offset: Int)] = []
  private var seenGlobals: Set<String> = []

  mutating func add(_ node: PickleNode, at offset: Int) -> PickleValue {
    nodes.append(node)
    nodes[nodes.count - 1].offset = offset
    return .node(nodes.count - 1)
  }

  mutating func addGlobal(_ name: String, at offset: Int) -> PickleValue {
    if seenGlobals.insert(name).inserted { globals.append((name, offset)) }
    return add(PickleNode(.global(name)), at: offset)
  }

  subscript(index: Int) -> PickleNode {
    get { nodes[index] }
    _modify { yield &nodes[index] }
  }

  func node(_ value: PickleValue) -> PickleNode? {
    if case .node(let index) = value { nodes[index] } else { nil }
  }

  /// The name of a global, or nil when the value is none.
  func globalName(_ value: PickleValue) -> String? {
    guard let node = node(value) else { return nil }
    if case .global(let name) = node.kind { return name }
    // The legacy stream keeps a class with its source outside: ('module', class, file, source)
    if case .persistent = node.kind, let parts = sequence(node.arguments), parts.count == 4,
      parts[0] == .string("module"), case .global(let name)? = self.node(parts[1])?.kind
    {
      return name
    }
    return nil
  }

  /// The elements of a tuple or list.
  func sequence(_ value: PickleValue) -> [PickleValue]? {
    guard let node = node(value) else { return nil }
    switch node.kind {
    case .tuple, .list: return node.elements
    default: return nil
    }
  }

  /// The name of what was called to make the value, and with what.
  func call(_ value: PickleValue) -> (name: String, arguments: [PickleValue])? {
    guard let node = node(value), case .object = node.kind,
      let name = globalName(node.callable), let arguments = sequence(node.arguments)
    else { return nil }
    return (name, arguments)
  }

  /// The integers of a tuple, or nil when it holds something else.
  func integers(_ value: PickleValue) -> [Int]? {
    // A torch.Size is a tuple that was made by calling its class
    if let call = call(value), call.name == "torch.Size", call.arguments.count == 1 {
      return integers(call.arguments[0])
    }
    guard let elements = sequence(value) else { return nil }
    var result: [Int] = []
    result.reserveCapacity(elements.count)
    for element in elements {
      guard case .integer(let integer) = element else { return nil }
      result.append(integer)
    }
    return result
  }
}
