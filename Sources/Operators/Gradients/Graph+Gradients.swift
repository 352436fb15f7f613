import BinaryIO
import ModelGraph
import Tensors

extension Graph {
  /// Appends what computes the derivatives of `loss` by `values`: reverse mode, node after node from the loss backwards.
  ///
  /// Operators without a rule are first said with others, where they can be (`Decomposable`).
  /// - Parameters:
  ///   - loss: a value of one element.
  ///   - share: a value of the loss's type that all gradients are multiplied by; 1 when nil.
  /// - Returns: for each of `values` the gradient, of its shape; zeros where the loss does not depend on it.
  /// - Throws: `.unsupported` with the node's name where the way leads through an operator that has no rule; `.malformed`
  ///   when a type on the way is not known.
  public mutating func addGradients(
    of loss: ValueID, by values: [ValueID], times share: ValueID? = nil
  ) throws -> [ValueID] {
    try inferTypes()
    let sources = Set(values)
    let dependent = moved(by: sources)
    self = try decomposed { node, whole in
      !whole.hasGradient(node, moving: dependent)
        && node.inputs.contains { $0.map(dependent.contains) ?? false }
    }
    guard self[loss].type.shape?.elementCount == 1, let type = self[loss].type.dataType else {
      throw DataError(
        .mismatch, "the loss '\(self[loss].name)' is \(self[loss].type)", expected: "one number")
    }
    let moving = moved(by: sources)
    let shape = self[loss].type.shape ?? []
    let one = Tensor(scalar: 1.0).cast(to: type).broadcast(to: shape).contiguous()
    var flows = [loss: [share ?? addConstant("gradient_of_loss", one)]]
    for node in nodes.reversed()
    where node.outputs.contains(where: { $0.map { flows[$0] != nil } ?? false }) {
      let wanted = node.inputs.map { $0.map(moving.contains) ?? false }
      guard wanted.contains(true) else { continue }
      try naming("the gradient of node '\(node.name)' (\(node.operator.name))") {
        let given = try node.outputs.map { try $0.flatMap { try settle($0, &flows) } }
        for (id, flow) in zip(node.inputs, try gradients(of: node, given, wanted)) {
          if let id, let flow, moving.contains(id) { flows[id, default: []].append(flow) }
        }
      }
    }
    return try values.map { try settle($0, &flows) ?? addZeros(like: $0) }
  }

  /// The values that move with one of `sources`, in floating point.
  private func moved(by sources: Set<ValueID>) -> Set<ValueID> {
    var moving = sources
    for node in nodes
    where node.inputs.contains(where: { $0.map(moving.contains) ?? false })
      && !(node.operator is any Flat)
    {
      for case let id? in node.outputs
      where self[id].type.dataType.map(\.isFloatingPoint) ?? true { moving.insert(id) }
    }
    return moving
  }

  /// One value of all contributions to a value's gradient.
  private mutating func settle(
    _ id: ValueID, _ flows: inout [ValueID: [ValueID]]
  ) throws -> ValueID? {
    guard let parts = flows[id], var total = parts.first else { return nil }
    for part in parts.dropFirst() {
      total = add(Add(), [total, part], name: "\(self[id].name)/gradient_sum_\(values.count)")
      try inferTypesOfLastNode()
    }
    flows[id] = [total]
    return total
  }

  private mutating func gradients(
    of node: Node, _ flows: [ValueID?], _ wanted: [Bool]
  ) throws -> [ValueID?] {
    guard let rule = node.operator as? any Differentiable else {
      throw DataError(.unsupported, "\(node.operator.name) has no gradient")
    }
    var builder = GradientBuilder(self, node: node, flows: flows, wanted: wanted)
    let result = try rule.gradients(&builder)
    self = builder.graph
    for case (let id?, let flow?) in zip(node.inputs, result)
    where self[flow].type.shape != self[id].type.shape {
      throw DataError(
        .malformed, "the gradient of '\(self[id].name)' is \(self[flow].type)",
        expected: "\(self[id].type)")
    }
    return result
  }

  private mutating func addZeros(like id: ValueID) -> ValueID {
    let type = self[id].type
    let zero = Tensor(scalar: 0.0).cast(to: type.dataType ?? .float32)
    return addConstant("\(self[id].name)/gradient", zero.broadcast(to: type.shape ?? []))
  }

  mutating func inferTypesOfLastNode() throws {
    guard let node = nodes.last else { return }
    var known: [Int: Tensor] = [:]
    for (index, id) in node.inputs.enumerated() {
      if let id, let tensor = constants[id] { known[index] = tensor }
    }
    let types = try node.operator.outputTypes(
      for: OperatorInputs(types: node.inputs.map { $0.map { self[$0].type } }, constants: known))
    for case (let id?, let type) in zip(node.outputs, types) { self[id].type = type }
  }
}

extension Operator {
  fileprivate func hasGradient(_ node: Node, moving: Set<ValueID>) -> Bool {
    if let partly = self as? any PartlyDifferentiable {
      return partly.hasRule(for: node, moving: moving)
    }
    return self is any Differentiable
  }
}
