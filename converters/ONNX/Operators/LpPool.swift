import Operators

extension ONNXOperator {
  static let lpPool = ONNXOperator(LpPool.self) { node in
    let window = try node.window()
    try node.emit(
      LpPool(
        kernel: window.kernel, strides: window.strides, padding: window.padding,
        dilations: window.dilations, ceilMode: try node.flag("ceil_mode"),
        p: Int(try node.number("p", default: 2))))
  } write: { pool, node in
    let isDilated = pool.dilations.contains { $0 != 1 }
    if isDilated || pool.ceilMode { node.require(opset: 18) }
    node.emit([
      "kernel_shape": .integers(pool.kernel), "strides": .integers(pool.strides),
      "pads": pool.padding.pads, "auto_pad": pool.padding.rule, "p": .integer(pool.p),
      "dilations": isDilated ? .integers(pool.dilations) : nil,
      "ceil_mode": pool.ceilMode ? .flag(true) : nil,
    ])
  }

  static let globalLpPool = ONNXOperator(GlobalLpPool.self) { node in
    try node.emit(GlobalLpPool(p: Int(try node.number("p", default: 2))))
  } write: { pool, node in
    node.emit(["p": .integer(pool.p)])
  }
}
