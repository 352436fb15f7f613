import BinaryIO
import Formats
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// Conv and ConvTranspose.
enum ExportedConvolutions {
  static let all: [String: KerasExporter.Translation] = [
    "Conv": convolution, "ConvTranspose": transposed,
  ]

  private static func convolution(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let conv = node.operator as? Conv, let kernel = try exporter.weight(node.inputs[1]),
      kernel.entry.shape.rank == 4, let id = node.inputs[0]
    else {
      throw DataError(.unsupported, "a kernel that is not known beforehand, or not of pictures")
    }
    let shape = kernel.entry.shape
    let name = KerasExporter.layerName(kernel.source, node)
    let reach = (0..<2).map { (shape[$0 + 2] - 1) * conv.dilations[$0] + 1 }
    let extents = exporter.extents(id).map { Array($0.dropFirst(2)) } ?? [nil, nil]
    let window = try ExportedWindow(
      conv.padding, reach: reach, strides: conv.strides, extents: extents, allowsZeros: true)
    guard conv.strides == [1, 1] || conv.dilations == [1, 1] else {
      throw DataError(.unsupported, "strides and dilations together")
    }
    let x = exporter.padded(try exporter.image(id), window, name: name)
    let bias = node.inputs.count > 2 ? try exporter.weight(node.inputs[2]) : nil
    var config: OrderedDictionary<String, JSONValue> = [
      "kernel_size": KerasExporter.json(Array(shape.dimensions[2...])),
      "strides": KerasExporter.json(conv.strides), "padding": .string(window.padding),
      "data_format": "channels_last", "dilation_rate": KerasExporter.json(conv.dilations),
      "activation": "linear", "use_bias": .bool(bias != nil),
    ]
    let isDepthwise =
      conv.groups > 1 && shape[1] == 1 && shape[0] % conv.groups == 0
      && conv.strides[0] == conv.strides[1]
    var weights: [ExportedWeight]
    if isDepthwise {
      let multiplier = shape[0] / conv.groups
      config["depth_multiplier"] = .integer(multiplier)
      let target = Shape([shape[2], shape[3], conv.groups, multiplier])
      let groups = conv.groups
      weights = [
        ExportedWeight(
          leaf: "kernel",
          entry: kernel.entry.viewed(shape: target) {
            // A channel's copies lie side by side
            $0.reshaped([groups, multiplier, target[0], target[1]]).permuted([2, 3, 0, 1])
          }, source: kernel.source, action: .permuted)
      ]
    } else {
      config["filters"] = .integer(shape[0])
      config["groups"] = .integer(conv.groups)
      weights = [permuted(kernel, "kernel", [2, 3, 1, 0])]
    }
    if let bias { weights.append(exact(bias, "bias")) }
    exporter.set(
      node.outputs[0],
      exporter.add(
        isDepthwise ? "DepthwiseConv2D" : "Conv2D", name: name, config, [x], weights, rank: 4,
        isImage: true))
  }

  private static func transposed(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let conv = node.operator as? ConvTranspose,
      let kernel = try exporter.weight(node.inputs[1]),
      kernel.entry.shape.rank == 4, conv.groups == 1, conv.outputShape == nil
    else {
      throw DataError(.unsupported, "groups, an output shape, or a kernel of other than pictures")
    }
    let shape = kernel.entry.shape
    let name = KerasExporter.layerName(kernel.source, node)
    guard case .explicit(let begin, let end) = conv.padding, begin.count == 2,
      conv.outputPadding.count == 2
    else { throw DataError(.unsupported, "automatic padding") }
    let beyond = (0..<2).map { (shape[$0 + 2] - 1) * conv.dilations[$0] + 1 - conv.strides[$0] }
    let cut = beyond.map { max($0, 0) }
    let extra = beyond.map { max(-$0, 0) }
    let isSame =
      begin == cut.map { $0 / 2 } && end == cut.map { $0 - $0 / 2 } && conv.outputPadding == extra
    let crop = (0..<2).map { [begin[$0], end[$0] - conv.outputPadding[$0] + extra[$0]] }
    guard isSame || crop.allSatisfy({ $0[0] >= 0 && $0[1] >= 0 }) else {
      throw DataError(.unsupported, "an output padding beyond the kernel")
    }
    let bias = node.inputs.count > 2 ? try exporter.weight(node.inputs[2]) : nil
    let config: OrderedDictionary<String, JSONValue> = [
      "filters": .integer(shape[1]),
      "kernel_size": KerasExporter.json(Array(shape.dimensions[2...])),
      "strides": KerasExporter.json(conv.strides), "padding": .string(isSame ? "same" : "valid"),
      "data_format": "channels_last", "dilation_rate": KerasExporter.json(conv.dilations),
      "activation": "linear", "use_bias": .bool(bias != nil),
    ]
    let weights =
      [permuted(kernel, "kernel", [2, 3, 1, 0])] + (bias.map { [exact($0, "bias")] } ?? [])
    var result = exporter.add(
      "Conv2DTranspose", name: name, config, [try exporter.image(node.inputs[0])], weights, rank: 4,
      isImage: true)
    if !isSame, crop != [[0, 0], [0, 0]] {
      result = exporter.add(
        "Cropping2D", name: "\(name)_crop", ["cropping": KerasExporter.json(crop)], [result],
        rank: 4,
        isImage: true)
    }
    exporter.set(node.outputs[0], result)
  }

  static func permuted(
    _ weight: (entry: TensorEntry, source: String?), _ leaf: String, _ order: [Int]
  ) -> ExportedWeight {
    let shape = weight.entry.shape
    return ExportedWeight(
      leaf: leaf,
      entry: weight.entry.viewed(shape: Shape(order.map { shape[$0] })) { $0.permuted(order) },
      source: weight.source, action: .permuted)
  }

  static func exact(_ weight: (entry: TensorEntry, source: String?), _ leaf: String)
    -> ExportedWeight
  {
    ExportedWeight(leaf: leaf, entry: weight.entry, source: weight.source, action: .exact)
  }
}
