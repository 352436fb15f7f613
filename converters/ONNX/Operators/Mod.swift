import Operators

extension ONNXOperator {
  static let mod = ONNXOperator(Mod.self, since: 13) { node in
    try node.emit(Mod(truncated: try node.flag("fmod")))
  } write: { mod, node in
    node.emit(["fmod": .flag(mod.truncated)])
  }
}
