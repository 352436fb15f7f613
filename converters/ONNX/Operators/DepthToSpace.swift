import BinaryIO
import Operators

extension ONNXOperator {
  static let depthToSpace = ONNXOperator(DepthToSpace.self, since: 11) { node in
    guard let size = try node.integer("blocksize") else {
      throw DataError(.malformed, "the attribute 'blocksize' is missing")
    }
    try node.emit(
      DepthToSpace(blockSize: size, mode: try node.choice("mode", default: .depthColumnRow)))
  } write: { ours, node in
    node.emit(["blocksize": .integer(ours.blockSize), "mode": .text(ours.mode.rawValue)])
  }

  static let spaceToDepth = ONNXOperator(SpaceToDepth.self) { node in
    guard let size = try node.integer("blocksize") else {
      throw DataError(.malformed, "the attribute 'blocksize' is missing")
    }
    try node.emit(
      SpaceToDepth(blockSize: size, mode: try node.choice("mode", default: .depthColumnRow)))
  } write: { ours, node in
    // Older sets know no mode, and mean this one.
    guard ours.mode != .depthColumnRow else {
      return node.emit(["blocksize": .integer(ours.blockSize)])
    }
    node.require(opset: 28)
    node.emit(["blocksize": .integer(ours.blockSize), "mode": .text(ours.mode.rawValue)])
  }
}
