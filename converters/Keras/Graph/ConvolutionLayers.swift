import BinaryIO
import ModelGraph
import Operators

/// Conv2D, DepthwiseConv2D, SeparableConv2D and Conv2DTranspose.
enum ConvolutionLayers {
  static let all: [String: KerasLayers.Translation] = [
    "Conv2D": convolution, "DepthwiseConv2D": depthwise, "SeparableConv2D": separable,
    "Conv2DTranspose": transposed,
  ]

  /// `valid` adds nothing, `same` as much as gives ⌈extent / stride⌉, the odd one at the end.
  static func padding(_ call: KerasLayerCall) throws -> Padding {
    switch try call.string("padding", default: "valid") {
    case "valid": .none
    case "same": .sameUpper
    case let other: throw DataError(.unsupported, "the padding '\(other)'")
    }
  }

  private static func convolution(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    let x = try builder.image(try call.input(rank: 4))
    let groups = try call.count("groups", default: 1)
    let filters = try call.count("filters")
    let kernel = try call.pair("kernel_size")
    let channels = try channels(x, builder).map { channels in
      guard channels % groups == 0 else {
        throw DataError(.mismatch, "\(channels) channels do not part into \(groups) groups")
      }
      return channels / groups
    }
    guard filters % groups == 0 else {
      throw DataError(.mismatch, "\(filters) filters do not part into \(groups) groups")
    }
    let weight = try builder.parameter(call, "weight", [filters, channels] + kernel)
    let y = try builder.emit(
      Conv(
        strides: try call.pair("strides", default: [1, 1]), padding: try padding(call),
        dilations: try call.pair("dilation_rate", default: [1, 1]), groups: groups), on: x,
      [weight] + (try bias(&builder, call, filters)), name: call.name)
    return try ActivationLayers.activate(&builder, y, call)
  }

  private static func depthwise(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    let x = try builder.image(try call.input(rank: 4))
    let multiplier = try call.count("depth_multiplier", default: 1)
    let (weight, channels) = try depthwiseKernel(&builder, call, x, multiplier, part: [])
    let y = try builder.emit(
      Conv(
        strides: try call.pair("strides", default: [1, 1]), padding: try padding(call),
        dilations: try call.pair("dilation_rate", default: [1, 1]), groups: channels / multiplier),
      on: x, [weight] + (try bias(&builder, call, channels)), name: call.name)
    return try ActivationLayers.activate(&builder, y, call)
  }

  private static func separable(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    let x = try builder.image(try call.input(rank: 4))
    let multiplier = try call.count("depth_multiplier", default: 1)
    let filters = try call.count("filters")
    let (weight, channels) = try depthwiseKernel(&builder, call, x, multiplier, part: ["depthwise"])
    let middle = try builder.emit(
      Conv(
        strides: try call.pair("strides", default: [1, 1]), padding: try padding(call),
        dilations: try call.pair("dilation_rate", default: [1, 1]), groups: channels / multiplier),
      on: x, [weight], name: "\(call.name)/depthwise")
    let pointwise = call.part("pointwise")
    let second = try builder.parameter(pointwise, "weight", [filters, channels, 1, 1])
    let y = try builder.emit(
      Conv(), on: middle, [second] + (try bias(&builder, pointwise, filters)), name: call.name)
    return try ActivationLayers.activate(&builder, y, call)
  }

  private static func transposed(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    try call.require(call.value("output_padding") == nil, "output_padding")
    try call.require(try call.count("groups", default: 1) == 1, "groups")
    let x = try builder.image(try call.input(rank: 4))
    let filters = try call.count("filters")
    let kernel = try call.pair("kernel_size")
    let strides = try call.pair("strides", default: [1, 1])
    let dilations = try call.pair("dilation_rate", default: [1, 1])
    let isSame = try padding(call) == .sameUpper
    let weight = try builder.parameter(
      call, "weight", [try channels(x, builder), filters] + kernel)
    // What the window reaches beyond the stride is cut off (same) or kept (valid); a stride beyond it adds zeros
    let beyond = (0..<2).map { (kernel[$0] - 1) * dilations[$0] + 1 - strides[$0] }
    let cut = isSame ? beyond.map { max($0, 0) } : [0, 0]
    let y = try builder.emit(
      ConvTranspose(
        strides: strides,
        padding: .explicit(begin: cut.map { $0 / 2 }, end: cut.map { $0 - $0 / 2 }),
        dilations: dilations, outputPadding: beyond.map { max(-$0, 0) }), on: x,
      [weight] + (try bias(&builder, call, filters)), name: call.name)
    return try ActivationLayers.activate(&builder, y, call)
  }

  /// The kernel of a depthwise part, and how many channels come out of it.
  private static func depthwiseKernel(
    _ builder: inout KerasGraphBuilder, _ call: KerasLayerCall, _ x: KerasTensor, _ multiplier: Int,
    part: [String]
  ) throws -> (ValueID, Int) {
    let owner = part.reduce(call) { $0.part($1) }
    let outputs = try channels(x, builder).map { channels in
      let (product, overflow) = channels.multipliedReportingOverflow(by: multiplier)
      guard !overflow else { throw DataError(.mismatch, "a depth_multiplier of \(multiplier)") }
      return product
    }
    let weight = try builder.parameter(
      owner, "weight", [outputs, 1] + (try call.pair("kernel_size")))
    let count = outputs ?? builder.weightShape(owner, "weight")?.first ?? 0
    guard count > 0, count % multiplier == 0 else {
      throw DataError(.mismatch, "\(count) channels with a depth_multiplier of \(multiplier)")
    }
    return (weight, count)
  }

  private static func bias(
    _ builder: inout KerasGraphBuilder, _ call: KerasLayerCall, _ count: Int
  ) throws -> [ValueID?] {
    try call.bool("use_bias", default: true) ? [try builder.parameter(call, "bias", [count])] : []
  }

  /// Channels of a picture, where they are known.
  private static func channels(_ x: KerasTensor, _ builder: KerasGraphBuilder) throws -> Int? {
    builder.graph[x.id].type.dimensions?[1].value
  }
}

extension KerasLayerCall {
  /// The same call, for the weights of a part of the layer.
  func part(_ name: String) -> KerasLayerCall {
    KerasLayerCall(layer: layer, path: path + [name], inputs: inputs, arguments: arguments)
  }
}
