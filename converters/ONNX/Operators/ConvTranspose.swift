import BinaryIO
import ModelGraph
import Operators

extension ONNXOperator {
  static let convTranspose = ONNXOperator(ConvTranspose.self) { node in
    let window = try node.window(weight: 1)
    let axes = window.kernel.count
    let extra = try node.integers("output_padding") ?? [Int](repeating: 0, count: axes)
    let shape = try node.integers("output_shape").map { Array($0.suffix(axes)) }
    guard extra.count == axes, shape?.count ?? axes == axes else {
      throw DataError(.malformed, "an output padding or shape for other than \(axes) axes")
    }
    try node.emit(
      ConvTranspose(
        strides: window.strides, padding: window.padding, dilations: window.dilations,
        groups: try node.integer("group", default: 1), outputPadding: extra, outputShape: shape))
  } write: { conv, node in
    node.emit([
      "kernel_shape": node.type(1).shape.map { .integers(Array($0.dropFirst(2))) },
      "strides": .integers(conv.strides), "pads": conv.padding.pads, "auto_pad": conv.padding.rule,
      "dilations": .integers(conv.dilations), "group": .integer(conv.groups),
      "output_padding": .integers(conv.outputPadding),
      "output_shape": conv.outputShape.map { .integers($0) },
    ])
  }
}
