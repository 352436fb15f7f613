import BinaryIO
import ModelGraph
import Operators
import Tensors

extension ONNXOperator {
  static let attention = ONNXOperator(Attention.self, since: 23) { node in
    node.ignore("softmax_precision")
    let mode = try node.integer("qk_matmul_output_mode", default: 0)
    guard let scores = Attention.ScoreStage(rawValue: mode) else {
      throw DataError(.malformed, "the attribute 'qk_matmul_output_mode' is \(mode)")
    }
    func window(_ name: String) throws -> Int? {
      guard let extent = try node.integer(name), extent != -1 else { return nil }
      guard extent >= 0 else { throw DataError(.malformed, "the attribute '\(name)' is \(extent)") }
      return extent
    }
    try node.emit(
      Attention(
        queryHeads: try node.integer("q_num_heads"),
        keyValueHeads: try node.integer("kv_num_heads"), scale: try node.number("scale"),
        softcap: try node.number("softcap", default: 0), isCausal: try node.flag("is_causal"),
        leftWindow: try window("left_window_size"),
        rightWindow: try window("right_window_size"), scores: scores))
  } write: { ours, node in
    if node.has(6) { node.require(opset: 24) }
    if ours.leftWindow != nil || ours.rightWindow != nil { node.require(opset: 25) }
    // heads are an attribute of the form with three axes only
    let isJoined = node.type(0).rank.map { $0 == 3 } ?? true
    node.emit([
      "q_num_heads": isJoined ? ours.queryHeads.map { .integer($0) } : nil,
      "kv_num_heads": isJoined ? ours.keyValueHeads.map { .integer($0) } : nil,
      "scale": ours.scale.map { .number($0) },
      "softcap": ours.softcap == 0 ? nil : .number(ours.softcap),
      "is_causal": ours.isCausal ? .flag(true) : nil,
      "left_window_size": ours.leftWindow.map { .integer($0) },
      "right_window_size": ours.rightWindow.map { .integer($0) },
      "qk_matmul_output_mode": ours.scores == .product ? nil : .integer(ours.scores.rawValue),
    ])
  }

  static let rotaryEmbedding = ONNXOperator(RotaryEmbedding.self, since: 23) { node in
    let dimension = try node.integer("rotary_embedding_dim", default: 0)
    try node.emit(
      RotaryEmbedding(
        isInterleaved: try node.flag("interleaved"),
        rotaryDimension: dimension == 0 ? nil : dimension, heads: try node.integer("num_heads")))
  } write: { ours, node in
    node.emit([
      "interleaved": ours.isInterleaved ? .flag(true) : nil,
      "rotary_embedding_dim": ours.rotaryDimension.map { .integer($0) },
      "num_heads": ours.heads.map { .integer($0) },
    ])
  }
}
