import BinaryIO
import JSON
import ModelGraph
import Operators
import Tensors

/// Normalisation by statistics, and of inputs.
enum NormalizationLayers {
  static let all: [String: KerasLayers.Translation] = [
    "BatchNormalization": batch, "LayerNormalization": layer, "Rescaling": rescaling,
    "Normalization": normalization,
  ]

  /// The axis that a layer speaks of: a number or a list of one.
  private static func axis(_ call: KerasLayerCall, _ rank: Int) throws -> Int {
    guard let value = call.value("axis") else { return rank - 1 }
    let list = value.integer.map { [$0] } ?? value.integers
    guard let list, list.count == 1 else {
      throw DataError(.unsupported, "the axes \(value.text().prefix(40))")
    }
    guard list[0] >= -rank, list[0] < rank else {
      throw DataError(.malformed, "there is no axis \(list[0])")
    }
    return list[0] < 0 ? list[0] + rank : list[0]
  }

  private static func batch(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    let input = try call.input()
    try call.require(input.rank >= 2, "a tensor of \(input.rank) axes")
    let axis = try axis(call, input.rank)
    try call.require(axis == input.rank - 1, "the axis \(axis) of \(input.rank)")
    let x = try builder.image(input)
    guard let count = builder.weightShape(call, "running_mean")?.first else {
      throw DataError(.malformed, "the file has no statistics for it")
    }
    if let channels = builder.graph[x.id].type.dimensions?[1].value, channels != count {
      throw DataError(
        .mismatch, "its statistics are \(count)", expected: "\(channels), one a channel")
    }
    let scale = try scale(&builder, call, count)
    let bias =
      try call.bool("center", default: true)
      ? try builder.parameter(call, "bias", [count])
      : builder.constant(Tensor(zeros: [count]), name: "\(call.name)/zeros")
    let statistics = [
      try builder.parameter(call, "running_mean", [count]),
      try builder.parameter(call, "running_var", [count]),
    ]
    return try builder.emit(
      BatchNormalization(
        epsilon: try call.number("epsilon", default: 1e-3),
        statistics: .keras(momentum: try call.number("momentum", default: 0.99))), on: x,
      [scale, bias] + statistics, name: call.name)
  }

  private static func layer(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    let x = try builder.plain(try call.input())
    let axis = try axis(call, x.rank)
    try call.require(axis == x.rank - 1, "the axis \(axis) of \(x.rank)")
    try call.require(!(try call.bool("rms_scaling", default: false)), "rms_scaling")
    let leaf = try call.bool("scale", default: true) ? "weight" : "bias"
    let known = builder.graph[x.id].type.dimensions?.last?.value
    guard let count = builder.weightShape(call, leaf)?.first ?? known else {
      throw DataError(.malformed, "the file has no weights for it")
    }
    let scale = try scale(&builder, call, count)
    let bias =
      try call.bool("center", default: true)
      ? [try builder.parameter(call, "bias", [count])] : []
    return try builder.emit(
      LayerNormalization(axis: -1, epsilon: try call.number("epsilon", default: 1e-3)), on: x,
      [scale] + bias, name: call.name)
  }

  /// Gamma, or ones where the layer has none.
  private static func scale(
    _ builder: inout KerasGraphBuilder, _ call: KerasLayerCall, _ count: Int
  ) throws -> ValueID {
    if try call.bool("scale", default: true) {
      return try builder.parameter(call, "weight", [count])
    }
    return builder.constant(
      Tensor([Float](repeating: 1, count: count)), name: "\(call.name)/ones")
  }

  /// `x · scale + offset`, with numbers or one of them a channel.
  private static func rescaling(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    let x = try call.input()
    func factor(_ key: String, _ fallback: Double) throws -> [Double] {
      guard let value = call.value(key) else { return [fallback] }
      guard let numbers = value.double.map({ [$0] }) ?? value.doubles, !numbers.isEmpty else {
        throw call.wrong(key, value)
      }
      return numbers
    }
    func operand(_ numbers: [Double], _ name: String) -> ValueID {
      let tail = x.isChannelsFirst && numbers.count > 1 ? x.rank - 2 : 0
      let shape = numbers.count == 1 ? [] : [numbers.count] + [Int](repeating: 1, count: tail)
      return builder.constant(
        Tensor(shape: Shape(shape), numbers.map { Float($0) }), name: "\(call.name)/\(name)")
    }
    let (scale, offset) = (try factor("scale", 1), try factor("offset", 0))
    let isShifted = offset.contains { $0 != 0 }
    let scaled = try builder.emit(
      Mul(), on: x, [operand(scale, "scale")], name: isShifted ? "\(call.name)/scaled" : call.name)
    return isShifted
      ? try builder.emit(Add(), on: scaled, [operand(offset, "offset")], name: call.name) : scaled
  }

  /// `(x - mean) / max(√variance, 1e-7)`, with statistics that were learnt from data.
  private static func normalization(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall)
    throws
    -> KerasTensor
  {
    try call.require(!(try call.bool("invert", default: false)), "invert")
    let x = try builder.plain(try call.input())
    let axis = call.value("axis").flatMap { $0.integer ?? $0[0]?.integer } ?? -1
    try call.require(axis == -1 || axis == x.rank - 1, "the axis \(axis) of \(x.rank)")
    guard let shape = builder.weightShape(call, "mean") else {
      throw DataError(.unsupported, "a Normalization without learnt statistics")
    }
    let mean = try builder.parameter(call, "mean", shape)
    let variance = try builder.parameter(call, "variance", shape)
    let centered = try builder.emit(Sub(), on: x, [mean], name: "\(call.name)/centered")
    let root = try builder.emit(Sqrt(), [variance], name: "\(call.name)/root")
    let least = builder.constant(1e-7, name: "\(call.name)/least")
    let deviation = try builder.emit(Max(), [root, least], name: "\(call.name)/deviation")
    return try builder.emit(Div(), on: centered, [deviation], name: call.name)
  }
}
