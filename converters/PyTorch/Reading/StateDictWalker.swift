import BinaryIO
import Formats
import Tensors

/// Gives every tensor below a value its name: the keys on the way to it, joined by dots.
struct StateDictWalker {
  let builder: TensorBuilder
  let reach: TensorReach
  private(set) var entries: [TensorEntry] = []
  private var names: Set<String> = []
  /// How often each value has been come upon.
  private var visits: [Int: Int] = [:]

  /// Levels of nesting that we follow; deeper than any model.
  static let maximumDepth = 400
  /// More tensors than any checkpoint has.
  static let maximumCount = 1_000_000
  /// Names that one tensor may have; shared structure must not unfold into endless ones.
  static let maximumTies = 1_000

  init(_ builder: TensorBuilder, _ reach: TensorReach) {
    self.builder = builder
    self.reach = reach
  }

  private var heap: PickleHeap { builder.heap }

  /// Adds the tensors at and below `value`.
  /// - Throws: `.malformed` for a name that occurs twice, `.limitExceeded`, and what a tensor's parts throw.
  mutating func add(_ value: PickleValue, prefix: String = "", depth: Int = 0) throws {
    guard reach.holdsTensors(value), let node = heap.node(value) else { return }
    guard depth <= StateDictWalker.maximumDepth else {
      throw DataError(.limitExceeded, "tensors nested deeper than \(depth - 1) levels")
    }
    if builder.isTensor(value) { return try addTensor(value, prefix) }
    if let module = PyTorchModule(value, in: heap) {
      for (name, value) in module.tensors { try add(value, under: name, prefix, depth) }
      for (name, child) in module.children { try add(child, under: name, prefix, depth) }
      return
    }
    for (index, element) in node.elements.enumerated() {
      try add(element, under: String(index), prefix, depth)
    }
    for (key, value) in heap.items(node) where reach.holdsTensors(value) {
      guard let name = heap.name(key) else {
        throw DataError(
          .unsupported, "a key that is neither text nor a number", subject: "'\(prefix)'")
      }
      try add(value, under: name, prefix, depth)
    }
    // What an unknown class was made of; a dictionary's own attributes are not its entries
    guard case .object = node.kind else { return }
    if let arguments = heap.sequence(node.arguments) {
      for (index, element) in arguments.enumerated() {
        try add(element, under: String(index), prefix, depth)
      }
    }
    if let state = node.state { try add(state, prefix: prefix, depth: depth + 1) }
  }

  private mutating func add(
    _ value: PickleValue, under name: String, _ prefix: String, _ depth: Int
  ) throws {
    guard reach.holdsTensors(value) else { return }
    try add(value, prefix: prefix.isEmpty ? name : "\(prefix).\(name)", depth: depth + 1)
  }

  private mutating func addTensor(_ value: PickleValue, _ prefix: String) throws {
    let name = prefix.isEmpty ? "tensor" : prefix
    try naming("tensor '\(name)'") {
      guard names.insert(name).inserted else {
        throw DataError(.malformed, "occurs twice")
      }
      guard entries.count < StateDictWalker.maximumCount else {
        throw DataError(.limitExceeded, "more than \(entries.count) tensors")
      }
      if case .node(let index) = value {
        visits[index, default: 0] += 1
        guard visits[index, default: 0] <= StateDictWalker.maximumTies else {
          throw DataError(
            .limitExceeded, "one tensor has more than \(StateDictWalker.maximumTies) names")
        }
      }
      entries.append(TensorEntry(name: name, try builder.tensor(value)))
    }
  }
}

extension PickleHeap {
  /// Keys and values of a dictionary.
  func items(_ node: PickleNode) -> [(key: PickleValue, value: PickleValue)] {
    stride(from: 0, to: node.pairs.count - 1, by: 2).map { (node.pairs[$0], node.pairs[$0 + 1]) }
  }

  /// The entries of a dictionary, an object's attributes included.
  func members(_ value: PickleValue) -> [(key: PickleValue, value: PickleValue)] {
    guard let node = node(value) else { return [] }
    guard case .object = node.kind else { return items(node) }
    return items(node) + (node.state.flatMap { self.node($0) }.map { items($0) } ?? [])
  }

  /// The value under a textual key; the last one, as in Python.
  func member(_ name: String, of value: PickleValue) -> PickleValue? {
    members(value).last { $0.key == .string(name) }?.value
  }

  /// A key as part of a tensor's name.
  func name(_ key: PickleValue) -> String? {
    switch key {
    case .string(let text): text
    case .integer(let number): String(number)
    default: nil
    }
  }

  /// Whether the value has named members.
  func isMapping(_ value: PickleValue) -> Bool {
    switch node(value)?.kind {
    case .dictionary, .object: true
    default: false
    }
  }
}
