import BinaryIO
import Operators

extension ONNXOperator {
  static let pad = ONNXOperator(Pad.self, since: 13) { node in
    let pad = Pad(mode: try node.choice("mode", default: .constant))
    if node.opset >= 11 { return try node.emit(pad) }
    guard let pads = try node.integers(node.opset < 2 ? "paddings" : "pads") else {
      throw DataError(.malformed, "the attribute 'pads' is missing")
    }
    let value = try node.number("value").map { node.scalar($0, like: 0, "value") }
    try node.emit(pad, [try node.input(0), node.constant(pads, "pads"), value])
  } write: { pad, node in
    if node.has(3) { node.require(opset: 18) }
    if pad.mode == .wrap { node.require(opset: 19) }
    node.emit(["mode": .text(pad.mode.rawValue)])
  }
}
