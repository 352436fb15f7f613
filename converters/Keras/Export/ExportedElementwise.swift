import BinaryIO
import Formats
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// Activations, and arithmetic of tensors with tensors and with numbers.
enum ExportedElementwise {
  static let all: [String: KerasExporter.Translation] = [
    "Relu": { try layer(&$0, $1, "ReLU") },
    "Sigmoid": { try activation(&$0, $1, "sigmoid") },
    "Tanh": { try activation(&$0, $1, "tanh") },
    "Softplus": { try activation(&$0, $1, "softplus") },
    "Softsign": { try activation(&$0, $1, "softsign") },
    "Exp": { try activation(&$0, $1, "exponential") },
    "Mish": { try activation(&$0, $1, "mish") },
    "HardSwish": { try activation(&$0, $1, "hard_silu") },
    "Selu": { exporter, node in
      let standard = Selu()
      guard let selu = node.operator as? Selu, abs(selu.alpha - standard.alpha) < 1e-5,
        abs(selu.gamma - standard.gamma) < 1e-5
      else { throw DataError(.unsupported, "other constants than SELU's own") }
      try activation(&exporter, node, "selu")
    },
    "Gelu": { exporter, node in
      guard (node.operator as? Gelu)?.approximation == Gelu.Approximation.none else {
        throw DataError(.unsupported, "approximated by tanh")
      }
      try activation(&exporter, node, "gelu")
    },
    "Swish": { exporter, node in
      guard (node.operator as? Swish)?.alpha == 1 else { throw DataError(.unsupported, "a slope") }
      try activation(&exporter, node, "silu")
    },
    "LeakyRelu": { exporter, node in
      let alpha = (node.operator as? LeakyRelu)?.alpha ?? 0.01
      try layer(&exporter, node, "LeakyReLU", ["negative_slope": .number(alpha)])
    },
    "Elu": { exporter, node in
      try layer(&exporter, node, "ELU", ["alpha": .number((node.operator as? Elu)?.alpha ?? 1)])
    },
    "HardSigmoid": hardSigmoid, "Clip": clip, "PRelu": parametric, "Softmax": softmax,
    "LogSoftmax": { exporter, node in
      let x = try exporter.plain(node.inputs[0])
      let axis = (node.operator as? LogSoftmax)?.axis ?? -1
      guard axis == -1 || axis == x.rank - 1 else {
        throw DataError(.unsupported, "another axis than the last")
      }
      exporter.set(
        node.outputs[0],
        exporter.add(
          "Activation", name: KerasExporter.nodeName(node), ["activation": "log_softmax"], [x],
          rank: x.rank, isImage: false))
    },
    "Add": { try merge(&$0, $1, "Add", .offset) }, "Sum": { try merge(&$0, $1, "Add", nil) },
    "Mul": { try merge(&$0, $1, "Multiply", .factor) },
    "Sub": { try merge(&$0, $1, "Subtract", .difference) },
    "Div": { try merge(&$0, $1, nil, .quotient) },
    "Max": { try merge(&$0, $1, "Maximum", nil) }, "Min": { try merge(&$0, $1, "Minimum", nil) },
    "Mean": { try merge(&$0, $1, "Average", nil) },
  ]

  private static func layer(
    _ exporter: inout KerasExporter, _ node: Node, _ className: String,
    _ config: OrderedDictionary<String, JSONValue> = [:]
  ) throws {
    let x = try exporter.tensor(node.inputs[0])
    exporter.set(
      node.outputs[0],
      exporter.add(
        className, name: KerasExporter.nodeName(node), config, [x], rank: x.rank, isImage: x.isImage
      ))
  }

  private static func activation(_ exporter: inout KerasExporter, _ node: Node, _ name: String)
    throws
  {
    try layer(&exporter, node, "Activation", ["activation": .string(name)])
  }

  /// `clip(αx + β, 0, 1)`: Keras has it for α = 1/6, and two layers do any.
  private static func hardSigmoid(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let operation = node.operator as? HardSigmoid else { return }
    if abs(operation.alpha - 1.0 / 6) < 1e-7, operation.beta == 0.5 {
      return try activation(&exporter, node, "hard_sigmoid")
    }
    let x = try exporter.tensor(node.inputs[0])
    let name = KerasExporter.nodeName(node)
    let scaled = exporter.add(
      "Rescaling", name: "\(name)_slope",
      ["scale": .number(operation.alpha), "offset": .number(operation.beta)], [x], rank: x.rank,
      isImage: x.isImage)
    exporter.set(
      node.outputs[0],
      exporter.add(
        "ReLU", name: name, ["max_value": 1.0], [scaled], rank: x.rank, isImage: x.isImage))
  }

  private static func clip(_ exporter: inout KerasExporter, _ node: Node) throws {
    func bound(_ index: Int) throws -> Double? {
      guard node.inputs.count > index, let id = node.inputs[index] else { return nil }
      guard let number = try exporter.numbers(id)?.first else {
        throw DataError(.unsupported, "bounds that are not known beforehand")
      }
      return abs(number) >= Double(Float.greatestFiniteMagnitude) ? nil : number
    }
    switch (try bound(1), try bound(2)) {
    case (0?, nil): try layer(&exporter, node, "ReLU")
    case (0?, let most?): try layer(&exporter, node, "ReLU", ["max_value": .number(most)])
    case (.some(-1), .some(1)): try activation(&exporter, node, "hard_tanh")
    default: throw DataError(.unsupported, "a lower bound other than 0")
    }
  }

  private static func parametric(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let slope = try exporter.weight(node.inputs[1]) else {
      throw DataError(.unsupported, "slopes that are not known beforehand")
    }
    var x = try exporter.tensor(node.inputs[0])
    let extents = slope.entry.shape.dimensions
    var shared: JSONValue = .null
    var shape = Shape(extents)
    if x.rank == 4 {
      x = try exporter.image(node.inputs[0])
      guard let count = extents.first(where: { $0 != 1 }) ?? extents.first,
        slope.entry.shape.elementCount == count,
        extents.count < 3 || extents[extents.count - 3] == count
      else { throw DataError(.unsupported, "slopes of the shape \(slope.entry.shape)") }
      shared = [1, 2]
      shape = [1, 1, count]
    } else if extents.count != x.rank - 1 {
      throw DataError(.unsupported, "slopes of the shape \(slope.entry.shape)")
    }
    let entry = slope.entry.viewed(shape: shape) { [shape] in $0.reshaped(shape) }
    exporter.set(
      node.outputs[0],
      exporter.add(
        "PReLU", name: KerasExporter.layerName(slope.source, node), ["shared_axes": shared], [x],
        [ExportedWeight(leaf: "alpha", entry: entry, source: slope.source, action: .reshaped)],
        rank: x.rank, isImage: x.isImage))
  }

  private static func softmax(_ exporter: inout KerasExporter, _ node: Node) throws {
    let x = try exporter.tensor(node.inputs[0])
    let stated = (node.operator as? Softmax)?.axis ?? -1
    let axis = stated < 0 ? stated + x.rank : stated
    let ours = !x.isImage ? axis : axis == 0 ? 0 : axis == 1 ? 3 : axis - 1
    try layer(&exporter, node, "Softmax", ["axis": .integer(ours == x.rank - 1 ? -1 : ours)])
  }

  /// What a number on one side does.
  enum Constant { case offset, factor, difference, quotient }

  private static func merge(
    _ exporter: inout KerasExporter, _ node: Node, _ className: String?, _ constant: Constant?
  ) throws {
    let computed = node.inputs.filter { exporter.hasTensor($0) }
    if computed.count == 1, node.inputs.count == 2, let constant {
      return try rescale(&exporter, node, constant)
    }
    if node.inputs.count == 1 {
      return exporter.set(node.outputs[0], try exporter.tensor(node.inputs[0]))
    }
    guard let className, computed.count == node.inputs.count else {
      throw DataError(.unsupported, "with a weight, or a division by a tensor")
    }
    var inputs = try node.inputs.map { try exporter.tensor($0) }
    guard Set(inputs.map(\.rank)).count == 1 else {
      throw DataError(.unsupported, "of tensors with \(inputs.map(\.rank)) axes")
    }
    if Set(inputs.map(\.isImage)).count > 1 {
      inputs = try node.inputs.map { try exporter.image($0) }
    }
    exporter.set(
      node.outputs[0],
      exporter.add(
        className, name: KerasExporter.nodeName(node), [:], inputs, rank: inputs[0].rank,
        isImage: inputs[0].isImage))
  }

  /// With a number, or one number a channel: Keras's Rescaling.
  private static func rescale(
    _ exporter: inout KerasExporter, _ node: Node, _ constant: Constant
  ) throws {
    let isLeft = exporter.hasTensor(node.inputs[0])
    let x = try exporter.tensor(node.inputs[isLeft ? 0 : 1])
    guard let weight = try exporter.weight(node.inputs[isLeft ? 1 : 0]) else { return }
    guard weight.source == nil else {
      throw DataError(.unsupported, "with the weight '\(weight.source ?? "")'")
    }
    let shape = weight.entry.shape
    let channelAxis = x.isImage ? x.rank - 3 : x.rank - 1
    // The channel's place, counted from the end, is where the graph has it
    let isScalar = shape.elementCount == 1
    let fromEnd = x.isImage ? 3 : 1
    guard
      isScalar
        || (channelAxis >= 0 && shape.rank >= fromEnd
          && shape[shape.rank - fromEnd] == shape.elementCount && shape.rank <= x.rank)
    else { throw DataError(.unsupported, "with a constant of the shape \(shape)") }
    let numbers = try weight.entry.load().doubles
    guard numbers.count <= 1 << 14 else {
      throw DataError(.unsupported, "with \(numbers.count) constants")
    }
    func json(_ values: [Double]) -> JSONValue {
      values.count == 1 ? .number(values[0]) : .array(values.map { .number($0) })
    }
    let scale: JSONValue
    let offset: JSONValue
    switch (constant, isLeft) {
    case (.offset, _): (scale, offset) = (1.0, json(numbers))
    case (.factor, _): (scale, offset) = (json(numbers), 0.0)
    case (.difference, true): (scale, offset) = (1.0, json(numbers.map { -$0 }))
    case (.difference, false): (scale, offset) = (-1.0, json(numbers))
    case (.quotient, true): (scale, offset) = (json(numbers.map { 1 / $0 }), 0.0)
    case (.quotient, false): throw DataError(.unsupported, "a number divided by a tensor")
    }
    exporter.set(
      node.outputs[0],
      exporter.add(
        "Rescaling", name: KerasExporter.nodeName(node), ["scale": scale, "offset": offset], [x],
        rank: x.rank, isImage: x.isImage))
  }
}
