import BinaryIO

/// Puts the nodes of a graph in an order in which they can be computed; the file's own where that is one.
struct NodeOrder {
  private let nodes: [ExpandedNode]
  private let known: Set<String>
  /// The node that computes a value.
  private var producers: [String: Int] = [:]

  /// - Throws: `.malformed` when two nodes compute one value.
  init(_ nodes: [ExpandedNode], known: Set<String>) throws {
    self.nodes = nodes
    self.known = known
    for (index, node) in nodes.enumerated() {
      for name in node.message.outputs where !name.isEmpty {
        let constant = node.message.isConstant && known.contains(name)
        guard producers.updateValue(index, forKey: name) == nil, constant || !known.contains(name)
        else {
          throw DataError(
            .malformed, "the value '\(name)' is defined twice",
            subject: "node '\(node.message.label)'")
        }
      }
    }
  }

  /// - Throws: `.malformed` for a cycle, and for an input that nothing defines.
  func sorted() throws -> [ExpandedNode] {
    var waiting = [Int](repeating: 0, count: nodes.count)
    var readers = [[Int]](repeating: [], count: nodes.count)
    var isOrdered = true
    for (index, node) in nodes.enumerated() {
      for name in (node.message.inputs + node.message.capturedNames)
      where !name.isEmpty && !known.contains(name) {
        guard let producer = producers[name] else {
          throw DataError(
            .malformed, "its input '\(name)' is nowhere defined",
            subject: "node '\(node.message.label)' (\(node.message.type))")
        }
        waiting[index] += 1
        readers[producer].append(index)
        if producer >= index { isOrdered = false }
      }
    }
    if isOrdered { return nodes }
    var order: [Int] = nodes.indices.filter { waiting[$0] == 0 }
    var next = 0
    while next < order.count {
      for reader in readers[order[next]] {
        waiting[reader] -= 1
        if waiting[reader] == 0 { order.append(reader) }
      }
      next += 1
    }
    guard order.count == nodes.count else {
      let node = nodes[waiting.firstIndex { $0 > 0 } ?? 0].message
      throw DataError(
        .malformed, "it depends on its own result (a cycle)",
        subject: "node '\(node.label)' (\(node.type))")
    }
    return order.map { nodes[$0] }
  }
}
