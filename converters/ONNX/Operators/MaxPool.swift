import Operators

extension ONNXOperator {
  static let maxPool = ONNXOperator(MaxPool.self) { node in
    let window = try node.window()
    try node.emit(
      MaxPool(
        kernel: window.kernel, strides: window.strides, padding: window.padding,
        dilations: window.dilations, ceilMode: try node.flag("ceil_mode"),
        columnMajorIndices: try node.flag("storage_order")))
  } write: { pool, node in
    node.emit([
      "kernel_shape": .integers(pool.kernel), "strides": .integers(pool.strides),
      "pads": pool.padding.pads, "auto_pad": pool.padding.rule,
      "dilations": .integers(pool.dilations), "ceil_mode": .flag(pool.ceilMode),
      "storage_order": pool.columnMajorIndices ? .flag(true) : nil,
    ])
  }
}
