import BinaryIO
import JSON
import ModelGraph
import Operators
import Tensors

/// Builds a graph out of a Keras configuration, layer by layer.
///
/// Pictures are channels-last in Keras and channels-first in our graphs. A layer that looks at neighbouring pixels asks for
/// `image(_:)`, one that depends on the order of axes for `plain(_:)`; what comes out of neither stays as it is. The transposes
/// that result stand at the doors of the graph and before a Flatten.
struct KerasGraphBuilder {
  var graph: Graph
  /// The weights of the file in the common form, by name.
  let weights: [String: TensorType]
  /// 1, 2 or 3.
  let kerasVersion: Int
  private var parameters: [String: ValueID] = [:]
  private var transposed: [ValueID: ValueID] = [:]
  private var names: Set<String> = []

  init(name: String, weights: [String: TensorType], kerasVersion: Int) {
    graph = Graph(name: name)
    self.weights = weights
    self.kerasVersion = kerasVersion
    names = Set(weights.keys)
  }

  /// A name that no value has yet.
  mutating func unique(_ name: String) -> String {
    var candidate = name
    var count = 0
    while !names.insert(candidate).inserted {
      count += 1
      candidate = "\(name)_\(count)"
    }
    return candidate
  }

  /// Appends a node, and finds out what it gives.
  mutating func emit(
    _ operator: any Operator, _ inputs: [ValueID?], name: String
  ) throws -> ValueID {
    let id = graph.add(`operator`, inputs, name: unique(name))
    var constants: [Int: Tensor] = [:]
    for (i, input) in inputs.enumerated() {
      if let input, let tensor = graph.constants[input] { constants[i] = tensor }
    }
    let types = try `operator`.outputTypes(
      for: OperatorInputs(types: inputs.map { $0.map { graph[$0].type } }, constants: constants))
    graph[id].type = types.first ?? .unknown
    return id
  }

  /// The value with the same axes in another form of the same operator.
  mutating func emit(
    _ operator: any Operator, on tensor: KerasTensor, _ more: [ValueID?] = [], name: String
  ) throws -> KerasTensor {
    var result = tensor
    result.id = try emit(`operator`, [tensor.id] + more, name: name)
    return result
  }

  /// The tensor with its channels in the second axis.
  mutating func image(_ tensor: KerasTensor) throws -> KerasTensor {
    guard tensor.rank >= 3, !tensor.isChannelsFirst else { return tensor }
    let order = [0, tensor.rank - 1] + Array(1..<(tensor.rank - 1))
    return try transposed(tensor, order, isChannelsFirst: true)
  }

  /// The tensor with its axes as Keras has them.
  mutating func plain(_ tensor: KerasTensor) throws -> KerasTensor {
    guard tensor.isChannelsFirst else { return tensor }
    return try transposed(
      tensor, [0] + Array(2..<tensor.rank) + [1], isChannelsFirst: false)
  }

  private mutating func transposed(_ tensor: KerasTensor, _ order: [Int], isChannelsFirst: Bool)
    throws -> KerasTensor
  {
    if let known = transposed[tensor.id] {
      return KerasTensor(id: known, rank: tensor.rank, isChannelsFirst: isChannelsFirst)
    }
    let name = graph[tensor.id].name + (isChannelsFirst ? "/channels_first" : "/channels_last")
    let id = try emit(Transpose(permutation: order), [tensor.id], name: name)
    transposed[tensor.id] = id
    transposed[id] = tensor.id
    return KerasTensor(id: id, rank: tensor.rank, isChannelsFirst: isChannelsFirst)
  }

  /// The weight `leaf` of a layer.
  /// - Parameter expected: what the configuration says of its shape; nil where it says nothing.
  /// - Throws: `.malformed` when the file has no such weight, `.mismatch` when it has another shape.
  mutating func parameter(_ call: KerasLayerCall, _ leaf: String, _ expected: [Int?]) throws
    -> ValueID
  {
    let name = call.weightName(leaf)
    guard let type = weights[name], let dimensions = type.shape?.dimensions else {
      throw DataError(.malformed, "the file has no weight '\(name)' for it")
    }
    guard dimensions.count == expected.count,
      zip(dimensions, expected).allSatisfy({ $1 == nil || $0 == $1 })
    else {
      let wanted = expected.map { $0.map(String.init) ?? "?" }.joined(separator: ", ")
      throw DataError(
        .mismatch, "the weight '\(name)' has the shape \(dimensions)",
        expected: "[\(wanted)], as the configuration says")
    }
    let id = parameters[name] ?? graph.addParameter(name, type)
    parameters[name] = id
    guard type.dataType != .float32 else { return id }
    let cast = "\(name)/float32"
    if let known = parameters[cast] { return known }
    let widened = try emit(Cast(to: .float32), [id], name: cast)
    parameters[cast] = widened
    return widened
  }

  /// Extents of a weight of a layer, or nil when there is none.
  func weightShape(_ call: KerasLayerCall, _ leaf: String) -> [Int]? {
    weights[call.weightName(leaf)]?.shape?.dimensions
  }

  mutating func constant(_ values: [Int], name: String) -> ValueID {
    graph.addConstant(unique(name), Tensor(values))
  }

  mutating func constant(_ value: Double, name: String) -> ValueID {
    graph.addConstant(unique(name), Tensor(scalar: Float(value)))
  }

  mutating func constant(_ tensor: Tensor, name: String) -> ValueID {
    graph.addConstant(unique(name), tensor)
  }
}
