import Operators

extension ONNXOperator {
  static let averagePool = ONNXOperator(AveragePool.self) { node in
    let window = try node.window()
    try node.emit(
      AveragePool(
        kernel: window.kernel, strides: window.strides, padding: window.padding,
        dilations: window.dilations, ceilMode: try node.flag("ceil_mode"),
        countIncludePad: try node.flag("count_include_pad")))
  } write: { pool, node in
    let isDilated = pool.dilations.contains { $0 != 1 }
    if isDilated { node.require(opset: 19) }
    node.emit([
      "kernel_shape": .integers(pool.kernel), "strides": .integers(pool.strides),
      "pads": pool.padding.pads, "auto_pad": pool.padding.rule,
      "dilations": isDilated ? .integers(pool.dilations) : nil, "ceil_mode": .flag(pool.ceilMode),
      "count_include_pad": .flag(pool.countIncludePad),
    ])
  }
}
