import BinaryIO
import ModelGraph
import Tensors

/// An operator that older ones of the standard together compute.
protocol Decomposable: Operator {
  /// The operator set that has it; nil when none has.
  var opset: Int? { get }

  /// Says the same with other operators; false, with nothing done, when that does not work for these inputs.
  func decompose(_ parts: inout Decomposition) throws -> Bool
}

extension Graph {
  /// The graph without operators that the standard's operator set `opset` does not have, as far as others can say them.
  ///
  /// A query that no key is left for gives the mean of the values then, not zeros.
  /// - Throws: what type inference throws.
  public func decomposed(opset: Int) throws -> Graph {
    // What no operator set has is never left
    try decomposed { _, whole in whole.opset.map { $0 > opset } ?? true }
  }

  /// The graph with other operators in the place of those that `isUnwanted`, as far as others can say them.
  /// - Throws: what type inference throws.
  func decomposed(_ isUnwanted: (Node, any Decomposable) -> Bool) throws -> Graph {
    var graph = self
    try graph.inferTypes()
    var patch = GraphPatch(for: graph)
    for (index, node) in graph.nodes.enumerated() {
      guard let whole = node.operator as? any Decomposable, isUnwanted(node, whole)
      else { continue }
      var parts = Decomposition(of: node, in: graph, patch: patch)
      guard
        try naming("node '\(node.name)' (\(node.operator.name))", { try whole.decompose(&parts) })
      else { continue }
      patch = parts.patch
      patch.replace(index, with: parts.nodes)
    }
    guard !patch.isEmpty else { return self }
    graph.apply(patch)
    try graph.verify()
    try graph.inferTypes()
    return graph
  }
}

/// The nodes that take the place of one.
struct Decomposition {
  let node: Node
  private let graph: Graph
  fileprivate var patch: GraphPatch
  fileprivate var nodes: [Node] = []

  fileprivate init(of node: Node, in graph: Graph, patch: GraphPatch) {
    self.node = node
    self.graph = graph
    self.patch = patch
  }

  /// Input `index`; nil when it is left out.
  func input(_ index: Int) -> ValueID? {
    node.inputs.indices.contains(index) ? node.inputs[index] : nil
  }

  /// Output `index`; nil when nobody wants it.
  func output(_ index: Int) -> ValueID? {
    node.outputs.indices.contains(index) ? node.outputs[index] : nil
  }

  /// The type of input `index`.
  func type(_ index: Int) -> TensorType { input(index).map { graph[$0].type } ?? .unknown }

  /// What input `index` is computed in: float32 when that is not known.
  func dataType(_ index: Int) -> DataType { type(index).dataType ?? .float32 }

  /// A node between; `result` is one of the whole's outputs where it is the last.
  @discardableResult
  mutating func add(
    _ operator: any Operator, _ inputs: [ValueID?], _ suffix: String, result: ValueID? = nil
  ) -> ValueID {
    let name = "\(node.name)/\(suffix)"
    let id = result ?? patch.addValue(name)
    nodes.append(Node(name: name, `operator`, inputs: inputs, outputs: [id]))
    return id
  }

  /// The results of a node with several.
  mutating func split(_ x: ValueID, axis: Int, _ extents: [Int], _ suffix: String) -> [ValueID] {
    let name = "\(node.name)/\(suffix)"
    let ids = extents.indices.map { patch.addValue("\(name)_\($0)") }
    nodes.append(
      Node(
        name: name, Split(axis: axis, outputCount: extents.count),
        inputs: [x, integers(extents, "\(suffix)_extents")], outputs: ids))
    return ids
  }

  mutating func integers(_ values: [Int], _ suffix: String) -> ValueID {
    patch.addConstant("\(node.name)/\(suffix)", Tensor(values))
  }

  mutating func constant(_ tensor: Tensor, _ suffix: String) -> ValueID {
    patch.addConstant("\(node.name)/\(suffix)", tensor)
  }

  /// A number of the type that input `index` is computed in.
  mutating func scalar(_ value: Double, like index: Int = 0, _ suffix: String) -> ValueID {
    patch.addConstant(
      "\(node.name)/\(suffix)", Tensor(scalar: value).cast(to: dataType(index)))
  }

  mutating func reshape(
    _ x: ValueID, _ shape: [Int], _ suffix: String, result: ValueID? = nil
  ) -> ValueID {
    let shape = integers(shape, "\(suffix)_shape")
    return add(Reshape(), [x, shape], suffix, result: result)
  }

  mutating func unsqueeze(_ x: ValueID, _ axes: [Int], _ suffix: String) -> ValueID {
    let axes = integers(axes, "\(suffix)_axes")
    return add(Unsqueeze(), [x, axes], suffix)
  }

  /// An axis's extent as a scalar.
  mutating func extent(of x: ValueID, axis: Int, _ suffix: String) -> ValueID {
    let shape = add(ShapeOf(), [x], "\(suffix)_shape")
    let index = patch.addConstant("\(node.name)/\(suffix)_axis", Tensor(scalar: axis))
    return add(Gather(), [shape, index], suffix)
  }

  /// 0, 1, … below the scalar `end`.
  mutating func count(to end: ValueID, _ suffix: String) -> ValueID {
    let zero = patch.addConstant("\(node.name)/\(suffix)_zero", Tensor(scalar: 0))
    let one = patch.addConstant("\(node.name)/\(suffix)_one", Tensor(scalar: 1))
    return add(RangeOf(), [zero, end, one], suffix)
  }
}
