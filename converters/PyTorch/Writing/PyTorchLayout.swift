import Formats
import JSON
import OrderedCollections

/// How a file of training state is laid out, so that it can be written again with other tensors.
struct PyTorchLayout: Sendable {
  /// The file that it is from; nil for one of ours.
  private let original: (heap: PickleHeap, root: PickleValue, reach: TensorReach)?
  /// Keys from the root to the weights.
  private let weights: [String]
  /// Keys from the root to the optimiser's state; those of a list are its places.
  private let optimizer: [String]
  /// Names of what is left out: other tensors, and objects of classes. In a list their places are kept, by None.
  let left: OrderedSet<String>

  /// What PyTorch's tutorials do.
  static let usual = PyTorchLayout()

  private init() {
    original = nil
    (weights, optimizer, left) = (["model_state_dict"], ["optimizer_state_dict"], [])
  }

  init(
    _ heap: PickleHeap, root: PickleValue, reach: TensorReach, weights: [String],
    optimizer: [String]
  ) {
    original = (heap, root, reach)
    self.weights = weights
    self.optimizer = optimizer
    var left: OrderedSet<String> = []
    PyTorchLayout.walk(heap, root, reach, weights, optimizer) { left.append($0) }
    self.left = left
  }

  /// Levels of plain values that are followed, and how many are written: shared ones unfold.
  private static let maximumDepth = 48
  private static let maximumCount = 1_000_000

  /// What a container on the way to weights or optimiser holds, by names; those of a list are its places.
  private static func members(
    _ heap: PickleHeap, _ value: PickleValue
  ) -> [(name: String, key: PickleValue?, value: PickleValue)] {
    heap.sequence(value)?.enumerated().map { (String($0), nil, $1) }
      ?? heap.members(value).compactMap { key, member in
        heap.name(key).map { ($0, key, member) }
      }
  }

  /// Tells what cannot be written again: members of the root, and of what holds weights or optimiser.
  private static func walk(
    _ heap: PickleHeap, _ root: PickleValue, _ reach: TensorReach, _ weights: [String],
    _ optimizer: [String], _ leave: (String) -> Void
  ) {
    var pending: [(value: PickleValue, path: [String])] = [(root, [])]
    var budget = maximumCount
    while let (value, path) = pending.popLast() {
      for (name, _, member) in members(heap, value) {
        let inner = path + [name]
        if inner == weights || inner == optimizer { continue }
        if weights.starts(with: inner) || optimizer.starts(with: inner) {
          pending.append((member, inner))
        } else if reach.holdsTensors(member) || !isPlain(member, heap, depth: 0, &budget) {
          leave(inner.joined(separator: "."))
        }
      }
    }
  }

  /// Whether a value is made of numbers, texts, lists and dictionaries alone.
  private static func isPlain(
    _ value: PickleValue, _ heap: PickleHeap, depth: Int, _ budget: inout Int
  ) -> Bool {
    budget -= 1
    guard depth < maximumDepth, budget > 0 else { return false }
    guard let node = heap.node(value) else { return true }
    let inner: [PickleValue]
    switch node.kind {
    case .tuple, .list: inner = node.elements
    case .dictionary: inner = node.pairs
    case .object: return NumPyObjects(heap: heap).scalar(value) != nil
    default: return false
    }
    for value in inner where !isPlain(value, heap, depth: depth + 1, &budget) { return false }
    return true
  }

  /// Writes the root.
  ///
  /// - Parameter counters: whole numbers that count on, by their full names.
  func write(
    to pickle: inout PickleWriter, counters: [String: Int],
    weights writeWeights: (inout PickleWriter) -> Void,
    optimizer writeOptimizer: (inout PickleWriter) -> Void
  ) {
    guard let original else {
      pickle.write(.emptyDictionary)
      pickle.write(weights[0])
      writeWeights(&pickle)
      pickle.write(.setItem)
      pickle.write(optimizer[0])
      writeOptimizer(&pickle)
      pickle.write(.setItem)
      return
    }
    let heap = original.heap
    func write(_ value: PickleValue, at path: [String]) {
      if path == weights { return writeWeights(&pickle) }
      if path == optimizer { return writeOptimizer(&pickle) }
      pickle.write(heap.sequence(value) == nil ? .emptyDictionary : .emptyList)
      for (name, key, member) in PyTorchLayout.members(heap, value) {
        let inner = path + [name]
        let title = inner.joined(separator: ".")
        let isLeft = left.contains(title)
        if isLeft, key != nil { continue }
        if let key { writePlain(key, heap, &pickle) }
        // Only on the way is it written level by level: what lies beside was found to be plain
        if weights.starts(with: inner) || optimizer.starts(with: inner) {
          write(member, at: inner)
        } else if isLeft {
          pickle.write(.none)
        } else if case .integer = member, let now = counters[title] {
          pickle.write(now)
        } else {
          writePlain(member, heap, &pickle)
        }
        pickle.write(key == nil ? .append : .setItem)
      }
    }
    write(original.root, at: [])
  }

  private func writePlain(_ value: PickleValue, _ heap: PickleHeap, _ pickle: inout PickleWriter) {
    switch value {
    case .none: pickle.write(.none)
    case .bool(let value): pickle.write(value ? .newTrue : .newFalse)
    case .integer(let value): pickle.write(value)
    case .float(let value): pickle.write(value)
    case .string(let value): pickle.write(value)
    case .node(let index):
      let node = heap[index]
      switch node.kind {
      case .tuple where node.elements.isEmpty: pickle.write(.emptyTuple)
      case .tuple:
        pickle.write(.mark)
        for element in node.elements { writePlain(element, heap, &pickle) }
        pickle.write(.tuple)
      case .list:
        pickle.write(.emptyList)
        for element in node.elements {
          writePlain(element, heap, &pickle)
          pickle.write(.append)
        }
      case .dictionary:
        pickle.write(.emptyDictionary)
        for (key, member) in heap.items(node) {
          writePlain(key, heap, &pickle)
          writePlain(member, heap, &pickle)
          pickle.write(.setItem)
        }
      default: pickle.write(NumPyObjects(heap: heap).scalar(value) ?? .null)
      }
    }
  }
}
