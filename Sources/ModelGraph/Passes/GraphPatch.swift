import BinaryIO
import Tensors

/// A rewrite of a graph as a value: what goes, what comes, and who is told.
///
/// `Graph.apply` is the one place that edits a graph. A node may be replaced once in a patch.
public struct GraphPatch: Sendable {
  /// How many values the graph has that this patch is for.
  private let base: Int
  fileprivate private(set) var values: [Value] = []
  fileprivate private(set) var constants: [ValueID: Tensor] = [:]
  fileprivate private(set) var replacements: [Int: [Node]] = [:]
  fileprivate private(set) var redirections: [ValueID: ValueID] = [:]
  /// What is done, for a report.
  public private(set) var rewrites: [Rewrite] = []

  public init(for graph: Graph) { base = graph.values.count }

  public var isEmpty: Bool { replacements.isEmpty && redirections.isEmpty }

  /// Whether the node at that place is replaced already.
  public func touches(_ node: Int) -> Bool { replacements[node] != nil }

  /// A new value, which a node of the patch must compute.
  public mutating func addValue(_ name: String, _ type: TensorType = .unknown) -> ValueID {
    values.append(Value(name: name, type: type))
    return ValueID(index: base + values.count - 1)
  }

  /// A new value that is known.
  public mutating func addConstant(_ name: String, _ tensor: Tensor) -> ValueID {
    let id = addValue(name, TensorType(tensor.dataType, shape: tensor.shape))
    constants[id] = tensor
    return id
  }

  /// Makes a value that a node computed a constant; the node must be removed too.
  public mutating func settle(_ id: ValueID, _ tensor: Tensor) { constants[id] = tensor }

  /// Puts nodes in the place of the one at `index`.
  public mutating func replace(_ index: Int, with nodes: [Node]) {
    precondition(replacements[index] == nil, "node \(index) is replaced twice")
    replacements[index] = nodes
  }

  public mutating func remove(_ index: Int) { replace(index, with: []) }

  /// Everyone who takes `old` takes `new` instead, the graph's outputs included.
  public mutating func redirect(_ old: ValueID, to new: ValueID) { redirections[old] = new }

  public mutating func note(_ rewrite: Rewrite) { rewrites.append(rewrite) }

  fileprivate func target(_ id: ValueID) -> ValueID {
    var id = id
    while let next = redirections[id] { id = next }
    return id
  }

  fileprivate func check(_ graph: Graph) {
    precondition(graph.values.count == base, "the patch belongs to another graph")
  }
}

/// One thing that a pass did, by the names of what was there before.
public struct Rewrite: Sendable, Hashable {
  /// The pass.
  public var pass: String
  /// The nodes that are gone.
  public var removed: [String]
  /// The node or value that does their work now.
  public var into: String
  /// Weights whose numbers went into others.
  public var weights: [String]

  public init(pass: String, removed: [String], into: String, weights: [String] = []) {
    self.pass = pass
    self.removed = removed
    self.into = into
    self.weights = weights
  }
}

extension Graph {
  /// Carries a patch out; traps when it was made for another graph.
  public mutating func apply(_ patch: GraphPatch) {
    patch.check(self)
    for value in patch.values { _ = addValue(value.name, value.type) }
    for (id, tensor) in patch.constants {
      constants[id] = tensor
      self[id].type = TensorType(tensor.dataType, shape: tensor.shape)
    }
    var edited: [Node] = []
    edited.reserveCapacity(nodes.count)
    for (index, node) in nodes.enumerated() {
      for var node in patch.replacements[index] ?? [node] {
        node.inputs = node.inputs.map { $0.map(patch.target) }
        edited.append(node)
      }
    }
    nodes = edited
    outputs = outputs.map(patch.target)
  }
}
