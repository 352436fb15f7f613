import BinaryIO
import ModelGraph
import Operators

/// Pooling over windows and over whole pictures.
enum PoolingLayers {
  static let all: [String: KerasLayers.Translation] = [
    "MaxPooling2D": { builder, call in
      let (kernel, strides) = try window(call)
      return try builder.emit(
        MaxPool(
          kernel: kernel, strides: strides, padding: try ConvolutionLayers.padding(call)),
        on: try picture(&builder, call), name: call.name)
    },
    "AveragePooling2D": { builder, call in
      let (kernel, strides) = try window(call)
      return try builder.emit(
        AveragePool(
          kernel: kernel, strides: strides, padding: try ConvolutionLayers.padding(call),
          countIncludePad: false),
        on: try picture(&builder, call), name: call.name)
    },
    "GlobalAveragePooling2D": { builder, call in try whole(&builder, call, GlobalAveragePool()) },
    "GlobalMaxPooling2D": { builder, call in try whole(&builder, call, GlobalMaxPool()) },
  ]

  private static func window(_ call: KerasLayerCall) throws -> ([Int], [Int]) {
    let kernel = try call.pair("pool_size", default: [2, 2])
    return (kernel, try call.pair("strides", default: kernel))
  }

  private static func picture(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try call.requireChannelsLast()
    return try builder.image(try call.input(rank: 4))
  }

  private static func whole(
    _ builder: inout KerasGraphBuilder, _ call: KerasLayerCall, _ operator: any Operator
  ) throws -> KerasTensor {
    let x = try picture(&builder, call)
    if try call.bool("keepdims", default: false) {
      return try builder.emit(`operator`, on: x, name: call.name)
    }
    let pooled = try builder.emit(`operator`, on: x, name: "\(call.name)/pixels")
    let flat = try builder.emit(Flatten(axis: 1), [pooled.id], name: call.name)
    return KerasTensor(id: flat, rank: 2, isChannelsFirst: false)
  }
}
