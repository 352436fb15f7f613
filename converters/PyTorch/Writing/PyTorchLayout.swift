import Formats
import JSON

/// How a file of training state is laid out, so that it can be written again with other tensors.
struct PyTorchLayout: Sendable {
  /// The file that it is from; nil for one of ours.
  private let original: (heap: PickleHeap, root: PickleValue, reach: TensorReach)?
  /// Keys from the root to the weights.
  private let weights: [String]
  /// Keys from the root to the optimiser's state; those of a list are its places.
  private let optimizer: [String]
  /// Names of what is left out: other tensors, and objects of classes.
  let left: [String]

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
    var left: [String] = []
    PyTorchLayout.walk(heap, root, reach, weights, optimizer) { left.append($0) }
    self.left = left
  }

  /// Levels of plain values that are followed, and how many are written: shared ones unfold.
  private static let maximumDepth = 48
  private static let maximumCount = 200_000

  /// Tells what of the root's members cannot be written again.
  private static func walk(
    _ heap: PickleHeap, _ root: PickleValue, _ reach: TensorReach, _ weights: [String],
    _ optimizer: [String], _ leave: (String) -> Void
  ) {
    var pending: [(value: PickleValue, path: [String])] = [(root, [])]
    var budget = maximumCount
    while let (value, path) = pending.popLast() {
      for (key, member) in heap.members(value) {
        guard let name = heap.name(key) else { continue }
        let inner = path + [name]
        if inner == weights || inner == optimizer || optimizer.starts(with: inner) { continue }
        if weights.starts(with: inner) {
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
    guard let node = heap.node(value) else { return true }
    budget -= 1
    guard depth < maximumDepth, budget > 0 else { return false }
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
      let elements = heap.sequence(value)
      pickle.write(elements == nil ? .emptyDictionary : .emptyList)
      for (index, element) in (elements ?? []).enumerated() {
        write(element, at: path + [String(index)])
        pickle.write(.append)
      }
      guard elements == nil else { return }
      for (key, member) in heap.members(value) {
        guard let name = heap.name(key) else { continue }
        let inner = path + [name]
        if weights.starts(with: inner) || optimizer.starts(with: inner) {
          writePlain(key, heap, &pickle)
          write(member, at: inner)
          pickle.write(.setItem)
        } else if !left.contains(inner.joined(separator: ".")) {
          writePlain(key, heap, &pickle)
          if case .integer = member, let now = counters[inner.joined(separator: ".")] {
            pickle.write(now)
          } else {
            writePlain(member, heap, &pickle)
          }
          pickle.write(.setItem)
        }
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
