import BinaryIO
import JSON
import ModelGraph
import Operators
import Tensors

/// Layers that move elements about, and Dense, which works on the last axis.
enum ShapeLayers {
  static let all: [String: KerasLayers.Translation] = [
    "Dense": dense, "Flatten": flatten, "Reshape": reshape, "Permute": permute,
    "ZeroPadding2D": zeroPadding, "Cropping2D": cropping, "UpSampling2D": upSampling,
    "Resizing": resizing,
  ]

  private static func dense(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.require(call.value("lora_rank") == nil, "a Dense layer with LoRA")
    try call.require(call.value("quantization_config") == nil, "a quantised Dense layer")
    let x = try builder.plain(try call.input())
    try call.require(x.rank >= 2, "a tensor of \(x.rank) axes")
    let units = try call.count("units")
    let inputs = builder.graph[x.id].type.dimensions?.last?.value
    let weight = try builder.parameter(call, "weight", [units, inputs])
    let bias =
      try call.bool("use_bias", default: true)
      ? try builder.parameter(call, "bias", [units]) : nil
    var y: KerasTensor
    if x.rank == 2 {
      y = try builder.emit(
        Gemm(transposeB: true), on: x, [weight] + (bias.map { [$0] } ?? []), name: call.name)
    } else {
      let kernel = try builder.emit(
        Transpose(permutation: [1, 0]), [weight], name: "\(call.name)/kernel")
      y = try builder.emit(
        MatMul(), on: x, [kernel], name: bias == nil ? call.name : "\(call.name)/product")
      if let bias { y = try builder.emit(Add(), on: y, [bias], name: call.name) }
    }
    return try ActivationLayers.activate(&builder, y, call)
  }

  /// Keras flattens pictures pixel by pixel, so the channels must come last.
  private static func flatten(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    let x = try builder.plain(try call.input())
    let id = try builder.emit(Flatten(axis: 1), [x.id], name: call.name)
    return KerasTensor(id: id, rank: 2, isChannelsFirst: false)
  }

  private static func reshape(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    guard let target = call.value("target_shape")?.integers, target.count < 16,
      target.allSatisfy({ $0 == -1 || ($0 > 0 && $0 <= 1 << 40) })
    else { throw DataError(.malformed, "its target_shape is no shape") }
    let x = try builder.plain(try call.input())
    let shape = builder.constant([0] + target, name: "\(call.name)/shape")
    let id = try builder.emit(Reshape(), [x.id, shape], name: call.name)
    return KerasTensor(id: id, rank: target.count + 1, isChannelsFirst: false)
  }

  private static func permute(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    let x = try builder.plain(try call.input())
    guard let order = call.value("dims")?.integers, order.sorted() == Array(1..<x.rank) else {
      throw DataError(.malformed, "its dims do not order the \(x.rank - 1) axes after the batch")
    }
    return try builder.emit(Transpose(permutation: [0] + order), on: x, name: call.name)
  }

  private static func zeroPadding(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    let x = try builder.image(try call.input(rank: 4))
    let (vertical, horizontal) = try call.borders("padding")
    let amounts = builder.constant(
      [0, 0, vertical[0], horizontal[0], 0, 0, vertical[1], horizontal[1]],
      name: "\(call.name)/pads")
    return try builder.emit(Pad(), on: x, [amounts], name: call.name)
  }

  private static func cropping(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    let x = try builder.image(try call.input(rank: 4))
    let (vertical, horizontal) = try call.borders("cropping")
    let ends = [vertical[1], horizontal[1]].map { $0 == 0 ? Int.max : -$0 }
    let bounds = [
      builder.constant([vertical[0], horizontal[0]], name: "\(call.name)/starts"),
      builder.constant(ends, name: "\(call.name)/ends"),
      builder.constant([2, 3], name: "\(call.name)/axes"),
    ]
    return try builder.emit(Slice(), on: x, bounds, name: call.name)
  }

  private static func upSampling(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    let x = try builder.image(try call.input(rank: 4))
    let size = try call.pair("size", default: [2, 2])
    let scales = builder.constant(
      Tensor([1, 1, Float(size[0]), Float(size[1])]), name: "\(call.name)/scales")
    return try builder.emit(
      try resize(call), on: x, [nil, scales], name: call.name)
  }

  private static func resizing(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    for key in ["crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"] {
      try call.require(!(try call.bool(key, default: false)), key)
    }
    let x = try builder.image(try call.input(rank: 4))
    let sizes = builder.constant(
      [try call.count("height"), try call.count("width")], name: "\(call.name)/sizes")
    var operation = try resize(call)
    operation.axes = [2, 3]
    return try builder.emit(operation, on: x, [nil, nil, sizes], name: call.name)
  }

  private static func resize(_ call: KerasLayerCall) throws -> Resize {
    switch try call.string(
      "interpolation", default: call.layer.className == "Resizing" ? "bilinear" : "nearest")
    {
    case "nearest" where call.layer.className == "Resizing":
      Resize(mode: .nearest, coordinateTransformation: .halfPixel, nearestMode: .roundPreferCeil)
    case "nearest":
      Resize(mode: .nearest, coordinateTransformation: .asymmetric, nearestMode: .floor)
    case "bilinear": Resize(mode: .linear, coordinateTransformation: .halfPixel)
    case let other: throw DataError(.unsupported, "the interpolation '\(other)'")
    }
  }
}
