import BinaryIO
import Formats
import ModelGraph
import Operators
import OrderedCollections
import Tensors

extension Graph {
  /// The same graph with its parameters, and the nodes that they belong to, under the names that a map gives them.
  ///
  /// A parameter that the map changes is as the map has it, and is changed back before it is used: shaped, turned, cut out
  /// of a larger one or joined of several.
  func renamed(by map: NameMap) throws -> Graph {
    var graph = self
    var doors = ParameterDoors(graph)
    for id in parameters {
      guard let relation = map.relation(of: self[id].name) else { continue }
      try doors.open(id, relation)
    }
    graph = doors.finished()
    graph.nameNodes(like: self, by: map)
    try graph.verify()
    return graph
  }

  /// Nodes are named after the first weight that they use; where several use it, the first of them.
  private mutating func nameNodes(like original: Graph, by map: NameMap) {
    let owned = Set(original.parameters)
    let wanted = nodes.map { node in
      node.inputs.lazy.compactMap { $0 }.filter(owned.contains)
        .compactMap { map.names(for: original[$0].name)?.first }
        .first { $0.contains(".") }
        .map { name in String(name.prefix(upTo: name.lastIndex(of: ".") ?? name.endIndex)) }
    }
    var taken = Set(zip(nodes, wanted).filter { $0.1 == nil }.map(\.0.name))
    for (index, name) in wanted.enumerated() {
      if let name, taken.insert(name).inserted { nodes[index].name = name }
    }
  }
}

/// What stands between the weights as a library has them and the values that a graph uses.
private struct ParameterDoors {
  private var graph: Graph
  private var nodes: [Node] = []
  private var made: Set<NameRelation> = []

  init(_ graph: Graph) { self.graph = graph }

  /// The graph, with what was added before its own nodes.
  func finished() -> Graph {
    var graph = graph
    graph.nodes.insert(contentsOf: nodes, at: 0)
    return graph
  }

  /// - Parameter relation: from the graph's names to the library's.
  mutating func open(_ id: ValueID, _ relation: NameRelation) throws {
    let name = graph[id].name
    guard let shape = graph[id].type.shape else { return }
    if max(relation.theirs.count, relation.ours.count) > 1,
      relation.isSum || !relation.steps.isEmpty
    {
      throw DataError(.unsupported, "is made of several there", subject: "tensor '\(name)'")
    }
    if relation.ours.isEmpty {
      guard let standIn = relation.standIn else {
        throw DataError(.unsupported, "has no place in that library", subject: "tensor '\(name)'")
      }
      graph.parameters.remove(id)
      graph.constants[id] = standIn.tensor()
    } else if relation.theirs.count > 1, relation.axis != nil {
      try cut(relation, shape)
    } else if relation.ours.count > 1, let axis = relation.axis {
      try join(id, relation.ours, shape, axis)
    } else {
      graph[id].name = relation.ours[0]
      try undo(relation.steps, of: id, shape)
    }
  }

  /// Several of ours are parts of one of theirs.
  private mutating func cut(_ relation: NameRelation, _ shape: Shape) throws {
    guard let axis = relation.axis, made.insert(relation).inserted else { return }
    let parts = try relation.theirs.map { name in
      guard let id = graph.parameters.first(where: { graph[$0].name == name }) else {
        throw DataError(.mismatch, "the graph has no '\(name)'", subject: relation.ours[0])
      }
      return id
    }
    var whole = shape.dimensions
    guard axis < whole.count else { throw DataError(.mismatch, "no axis \(axis)") }
    whole[axis] *= parts.count
    let type = graph[parts[0]].type.dataType
    for id in parts { graph.parameters.remove(id) }
    let joined = graph.addParameter(
      relation.ours[0], TensorType(type, shape: try Shape(checking: whole)))
    nodes.append(
      Node(
        name: "\(relation.ours[0]).parts", Split(axis: axis, outputCount: parts.count),
        inputs: [joined], outputs: parts))
  }

  /// One of ours is made of several of theirs.
  private mutating func join(
    _ id: ValueID, _ names: [String], _ shape: Shape, _ axis: Int
  ) throws {
    var part = shape.dimensions
    guard axis < part.count, part[axis] % names.count == 0 else {
      throw DataError(.mismatch, "\(shape) does not fall into \(names.count) parts")
    }
    part[axis] /= names.count
    let type = TensorType(graph[id].type.dataType, shape: try Shape(checking: part))
    graph.parameters.remove(id)
    let parts = names.map { graph.addParameter($0, type) }
    nodes.append(
      Node(name: "\(graph[id].name).joined", Concat(axis: axis), inputs: parts, outputs: [id]))
  }

  /// The weight as theirs, and then back to how it is used.
  private mutating func undo(_ steps: [TensorStep], of id: ValueID, _ shape: Shape) throws {
    guard !steps.isEmpty else { return }
    let name = graph[id].name
    var shapes = [shape]
    for step in steps { shapes.append(try step.applied(to: shapes[shapes.count - 1])) }
    let type = graph[id].type.dataType
    graph.parameters.remove(id)
    graph[id].name = "\(name).used"
    var value = graph.addParameter(name, TensorType(type, shape: shapes[steps.count]))
    for (index, step) in steps.enumerated().reversed() {
      let output = index == 0 ? id : graph.addValue("\(name).step.\(index)")
      try back(step, from: value, to: output, shapes[index], "\(name).\(index)")
      value = output
    }
  }

  private mutating func back(
    _ step: TensorStep, from value: ValueID, to output: ValueID, _ shape: Shape, _ name: String
  ) throws {
    func node(_ layer: any Operator, _ inputs: [ValueID], _ output: ValueID, _ what: String) {
      nodes.append(Node(name: "\(name).\(what)", layer, inputs: inputs, outputs: [output]))
    }
    func extents(_ values: [Int], _ what: String) -> ValueID {
      graph.addConstant("\(name).\(what).shape", Tensor(values.map { Int64($0) }))
    }
    switch step.inverted {
    case .permute(let order):
      node(Transpose(permutation: order), [value], output, "transpose")
    case .reshape:
      node(Reshape(), [value, extents(shape.dimensions, "reshape")], output, "reshape")
    case .rotaryHalves(let heads), .rotaryPairs(let heads):
      var isHalves = false
      if case .rotaryHalves = step.inverted { isHalves = true }
      let half = shape[0] / (2 * heads)
      let grouped = isHalves ? [heads, half, 2, -1] : [heads, 2, half, -1]
      let apart = graph.addValue("\(name).groups.value")
      let turned = graph.addValue("\(name).turned.value")
      node(Reshape(), [value, extents(grouped, "groups")], apart, "groups")
      node(Transpose(permutation: [0, 2, 1, 3]), [apart], turned, "turned")
      node(Reshape(), [turned, extents(shape.dimensions, "whole")], output, "whole")
    case .plus(let number):
      let constant = graph.addConstant("\(name).number", Tensor(scalar: Float(number)))
      node(Add(), [value, constant], output, "plus")
    case .leadingRows(let count):
      var extents = shape.dimensions
      if !extents.isEmpty { extents[0] = count }
      let rows = graph.addConstant(
        "\(name).rows", Tensor(zeros: Shape(extents), dataType: .float32))
      node(Concat(axis: 0), [rows, value], output, "rows")
    case .withoutLeadingRows(let count):
      let bounds = [("start", count), ("end", Int.max), ("axis", 0)].map { what, number in
        graph.addConstant("\(name).rows.\(what)", Tensor([Int64(number)]))
      }
      node(Slice(), [value] + bounds, output, "rows")
    }
  }
}
