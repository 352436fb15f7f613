import BinaryIO
import ModelGraph
import Operators
import Tensors

extension ONNXOperator {
  static let groupNormalization = ONNXOperator(GroupNormalization.self, since: 21) { node in
    node.ignore("stash_type")
    guard let groups = try node.integer("num_groups") else {
      throw DataError(.malformed, "the attribute 'num_groups' is missing")
    }
    let ours = GroupNormalization(
      groups: groups, epsilon: try node.number("epsilon", default: 1e-5))
    if node.opset >= 21 { return try node.emit(ours) }
    // before 21, scale and bias are of groups; one number then serves all channels of a group
    guard let dimensions = node.type(try node.input(0)).dimensions, dimensions.count > 1,
      let channels = dimensions[1].value, groups > 0, channels % groups == 0
    else { throw DataError(.unsupported, "scales of groups for an unknown number of channels") }
    let column = node.constant([groups, 1], "column")
    let wide = node.constant([groups, channels / groups], "groups")
    let flat = node.constant([channels], "channels")
    var inputs = [node.inputs[0]]
    for index in 1...2 {
      let part = try node.add(Reshape(), [try node.input(index), column], "column\(index)")
      let stretched = try node.add(Expand(), [part, wide], "stretched\(index)")
      inputs.append(try node.add(Reshape(), [stretched, flat], "channels\(index)"))
    }
    try node.emit(ours, inputs)
  } write: { ours, node in
    node.emit(["num_groups": .integer(ours.groups), "epsilon": .number(ours.epsilon)])
  }
}
