import BinaryIO
import ModelGraph
import Tensors

extension Graph {
  /// The graph for inputs of these types: every type that can be known is known, and whatever follows from constants
  /// alone is computed and has become a constant.
  ///
  /// - Parameter maximumBytes: a value that is larger is refused.
  /// - Throws: `.mismatch` or `.malformed` with the node's name, `.limitExceeded`.
  package func specialised(to types: [TensorType], maximumBytes: Int) throws -> Graph {
    var graph = self
    for (id, type) in zip(inputs, types) { graph[id].type = type }
    var kept: [Node] = []
    kept.reserveCapacity(nodes.count)
    for node in nodes {
      try naming("node '\(node.name)' (\(node.operator.name))") {
        let inferred = try graph.inferOutputs(of: node)
        for (id, type) in zip(node.outputs, inferred) {
          guard let id else { continue }
          if let shape = type.shape, let dataType = type.dataType {
            try MemoryLimit.check(shape, dataType, bytes: maximumBytes)
          }
          graph[id].type = type
        }
        if let results = try graph.folded(node) {
          for (id, tensor) in zip(node.outputs, results) {
            guard let id else { continue }
            graph.constants[id] = tensor
            graph[id].type = TensorType(tensor.dataType, shape: tensor.shape)
          }
        } else {
          kept.append(node)
        }
      }
    }
    graph.nodes = kept
    return graph.withoutDeadNodes()
  }

  private func inferOutputs(of node: Node) throws -> [TensorType] {
    var known: [Int: Tensor] = [:]
    for (i, id) in node.inputs.enumerated() {
      if let id, let tensor = constants[id] { known[i] = tensor }
    }
    let inputs = OperatorInputs(
      types: node.inputs.map { $0.map { self[$0].type } }, constants: known)
    let inferred = try node.operator.outputTypes(for: inputs)
    let missing = max(0, node.outputs.count - inferred.count)
    return inferred + [TensorType](repeating: .unknown, count: missing)
  }

  /// The node's results when they follow from constants, or from a shape.
  private func folded(_ node: Node) throws -> [Tensor]? {
    if ["Shape", "Size"].contains(node.operator.name), let id = node.inputs.first ?? nil,
      constants[id] == nil
    {
      guard let shape = self[id].type.shape else { return nil }
      // Only the shape is looked at: one element stands for all.
      let stand = try Tensor(
        viewing: Tensor(zeros: [1]).storage, dataType: .float32, shape: shape,
        strides: [Int](repeating: 0, count: shape.rank))
      return try node.operator.evaluate([stand])
    }
    var inputBytes = 0
    for case let id? in node.inputs {
      guard let constant = constants[id] else { return nil }
      inputBytes += constant.byteCount
    }
    guard node.operator.isRepeatable,
      node.inputs.contains(where: { $0 != nil }) || node.inputs.isEmpty
    else { return nil }
    // What would be much larger than what it is made from is better made anew for each run.
    for case let id? in node.outputs {
      guard let shape = self[id].type.shape, let dataType = self[id].type.dataType else { continue }
      let bytes = dataType.byteCount(of: shape.elementCount)
      if bytes > 1 << 24, bytes > 2 * inputBytes { return nil }
    }
    return try node.operator.evaluate(node.inputs.map { $0.flatMap(constant) })
  }

  /// A constant in the type that the graph gives it: weights may be stored in a narrower one.
  func constant(_ id: ValueID) -> Tensor? {
    guard let tensor = constants[id] else { return nil }
    return self[id].type.dataType.map(tensor.cast(to:)) ?? tensor
  }
}

extension Operator {
  /// Whether the same inputs give the same outputs each time.
  var isRepeatable: Bool {
    !name.hasPrefix("Random") && name != "Multinomial" && name != "Bernoulli"
  }
}
