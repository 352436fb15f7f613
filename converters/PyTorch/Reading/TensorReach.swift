/// Which values of a pickle hold tensors somewhere below them, found without recursion and once a value.
struct TensorReach {
  private enum Mark: UInt8 { case unseen, open, without, with }
  private var marks: [Mark]

  init(_ heap: PickleHeap, from root: PickleValue, isTensor: (PickleValue) -> Bool) {
    marks = [Mark](repeating: .unseen, count: heap.nodes.count)
    var pending: [Int] = []
    if case .node(let index) = root { pending.append(index) }
    while let index = pending.last {
      // A value may wait here a million times: only its first two visits look at what it holds
      switch marks[index] {
      case .unseen:
        marks[index] = .open
        if isTensor(.node(index)) {
          marks[index] = .with
        } else {
          pending += TensorReach.children(heap[index]).filter { marks[$0] == .unseen }
        }
      case .open:
        // A value that holds itself is still open here, and counts as holding none
        let holds = TensorReach.children(heap[index]).contains { marks[$0] == .with }
        marks[index] = holds ? .with : .without
        pending.removeLast()
      case .without, .with: pending.removeLast()
      }
    }
  }

  /// Whether a tensor lies at or below `value`.
  func holdsTensors(_ value: PickleValue) -> Bool {
    if case .node(let index) = value { marks[index] == .with } else { false }
  }

  private static func children(_ node: PickleNode) -> [Int] {
    (node.elements + node.pairs + [node.arguments, node.state ?? .none]).compactMap {
      if case .node(let index) = $0 { index } else { nil }
    }
  }
}
