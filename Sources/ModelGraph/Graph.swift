import BinaryIO
import OrderedCollections
import Tensors

/// A value's place in a graph.
public struct ValueID: Sendable, Hashable, Comparable {
  public let index: Int
  public init(index: Int) { self.index = index }
  public static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}

/// A value: what flows along an edge.
public struct Value: Sendable {
  public var name: String
  public var type: TensorType

  public init(name: String, type: TensorType) {
    self.name = name
    self.type = type
  }
}

/// A computation: an operator with its inputs and outputs.
public struct Node: Sendable {
  public var name: String
  public var `operator`: any Operator
  /// Nil for an optional input that is left out.
  public var inputs: [ValueID?]
  /// Nil for an optional output that nobody wants.
  public var outputs: [ValueID?]

  public init(
    name: String, _ operator: any Operator, inputs: [ValueID?], outputs: [ValueID?]
  ) {
    self.name = name
    self.operator = `operator`
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// A directed acyclic graph of operators.
///
/// Images are `[N, C, H, W]` in it, wherever they came from: a graph from Keras transposes at its door.
/// A value comes from exactly one place: an input, a parameter, a constant or a node. Nodes are in an order in which they
/// can be computed (`verify()` checks both).
public struct Graph: Sendable {
  public var name: String
  public private(set) var values: [Value] = []
  public var nodes: [Node] = []
  public var inputs: [ValueID] = []
  public var outputs: [ValueID] = []
  /// Values that are tensors of the model's weights, found there by the value's name.
  public var parameters: OrderedSet<ValueID> = []
  /// Values that are known beforehand and belong to the graph itself (shapes, scalars, axes) or were bound to it.
  public var constants: [ValueID: Tensor] = [:]

  public init(name: String = "graph") { self.name = name }

  public subscript(id: ValueID) -> Value {
    get { values[id.index] }
    set { values[id.index] = newValue }
  }

  /// A new value that nothing computes yet.
  public mutating func addValue(_ name: String, _ type: TensorType = .unknown) -> ValueID {
    values.append(Value(name: name, type: type))
    return ValueID(index: values.count - 1)
  }

  /// A new input of the graph.
  public mutating func addInput(_ name: String, _ type: TensorType) -> ValueID {
    let id = addValue(name, type)
    inputs.append(id)
    return id
  }

  /// A new value that is the weight of that name.
  public mutating func addParameter(_ name: String, _ type: TensorType) -> ValueID {
    let id = addValue(name, type)
    parameters.append(id)
    return id
  }

  /// A new value that is known beforehand.
  public mutating func addConstant(_ name: String, _ tensor: Tensor) -> ValueID {
    let id = addValue(name, TensorType(tensor.dataType, shape: tensor.shape))
    constants[id] = tensor
    return id
  }

  /// Appends a node with one output and returns that.
  @discardableResult
  public mutating func add(
    _ operator: any Operator, _ inputs: [ValueID?], name: String, output: String? = nil
  ) -> ValueID {
    let id = addValue(output ?? name)
    nodes.append(Node(name: name, `operator`, inputs: inputs, outputs: [id]))
    return id
  }

  /// How often each operator occurs, by the standard's name.
  public var operatorCounts: [String: Int] {
    nodes.reduce(into: [:]) { $0[$1.operator.name, default: 0] += 1 }
  }
}
