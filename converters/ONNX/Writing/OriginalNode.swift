/// A node that we have no operator for, kept as it was, to be written out again.
struct OriginalNode: Sendable {
  let node: ExpandedNode

  init(_ node: ExpandedNode) { self.node = node }

  /// What of the node cannot be written again; nil when all can.
  var obstacle: String? { node.message.unwritable }

  /// Whether the operator has not changed its form between the operator set `version` and the one that we write.
  func isTheSameSince(_ version: Int) -> Bool {
    switch node.message.type {
    case "LSTM", "GRU", "RNN": version >= 7
    case "QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger",
      "MatMulInteger", "NonMaxSuppression", "RoiAlign", "Unique", "ReverseSequence", "BitShift":
      version >= 13
    default: false
    }
  }
}

extension NodeMessage {
  /// The first attribute whose value was not kept, or lies in a file beside.
  fileprivate var unwritable: String? {
    for attribute in attributes {
      let tensors: [TensorMessage]
      var graphs: [GraphMessage] = []
      switch attribute.value {
      case .other: return attribute.name
      case .tensor(let tensor): tensors = [tensor]
      case .tensors(let list): tensors = list
      case .sparseTensor(let sparse): tensors = [sparse.values, sparse.indices]
      case .graph(let graph):
        graphs = [graph]
        tensors = graph.initializers
      case .graphs(let list):
        graphs = list
        tensors = list.flatMap(\.initializers)
      default: tensors = []
      }
      let isOpaque = graphs.contains { $0.nodes.contains { $0.unwritable != nil } }
      if isOpaque || tensors.contains(where: { $0.externalData != nil }) { return attribute.name }
    }
    return nil
  }
}
