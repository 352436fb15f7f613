import ModelGraph
import Operators

extension ONNXOperator {
  static let conv = ONNXOperator(Conv.self) { node in
    let window = try node.window(weight: 1)
    try node.emit(
      Conv(
        strides: window.strides, padding: window.padding, dilations: window.dilations,
        groups: try node.integer("group", default: 1)))
  } write: { conv, node in
    node.emit([
      "kernel_shape": node.type(1).shape.map { .integers(Array($0.dropFirst(2))) },
      "strides": .integers(conv.strides), "pads": conv.padding.pads, "auto_pad": conv.padding.rule,
      "dilations": .integers(conv.dilations), "group": .integer(conv.groups),
    ])
  }
}
