/// A node that we have no operator for, kept as it was, to be written out again.
struct OriginalNode: Sendable {
  let node: ExpandedNode

  init(_ node: ExpandedNode) { self.node = node }

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
