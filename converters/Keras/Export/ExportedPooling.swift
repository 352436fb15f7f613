import BinaryIO
import JSON
import ModelGraph
import Operators
import OrderedCollections

/// Pooling over windows and whole pictures, and resizing.
enum ExportedPooling {
  static let all: [String: KerasExporter.Translation] = [
    "MaxPool": maximum, "AveragePool": average,
    "GlobalAveragePool": { try whole(&$0, $1, "GlobalAveragePooling2D", keepsAxes: true) },
    "GlobalMaxPool": { try whole(&$0, $1, "GlobalMaxPooling2D", keepsAxes: true) },
    "ReduceMean": { exporter, node in
      let keeps = (node.operator as? ReduceMean)?.keepDimensions ?? true
      try overPixels(&exporter, node, "GlobalAveragePooling2D", keeps)
    },
    "ReduceMax": { exporter, node in
      let keeps = (node.operator as? ReduceMax)?.keepDimensions ?? true
      try overPixels(&exporter, node, "GlobalMaxPooling2D", keeps)
    },
    "Resize": resize,
  ]

  private static func maximum(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let pool = node.operator as? MaxPool else { return }
    guard node.outputs.count < 2 || node.outputs[1] == nil else {
      throw DataError(.unsupported, "the places of the maxima")
    }
    try windowed(
      &exporter, node, "MaxPooling2D", pool.kernel, pool.strides, pool.padding, pool.dilations,
      pool.ceilMode, allowsZeros: exporter.isNeverNegative(node.inputs[0]))
  }

  private static func average(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let pool = node.operator as? AveragePool else { return }
    if pool.countIncludePad, pool.padding == .sameUpper {
      throw DataError(.unsupported, "automatic padding that counts as zeros")
    }
    try windowed(
      &exporter, node, "AveragePooling2D", pool.kernel, pool.strides, pool.padding, pool.dilations,
      pool.ceilMode, allowsZeros: pool.countIncludePad, onlyZeros: pool.countIncludePad)
  }

  private static func windowed(
    _ exporter: inout KerasExporter, _ node: Node, _ className: String, _ kernel: [Int],
    _ strides: [Int], _ padding: Padding, _ dilations: [Int], _ ceilMode: Bool, allowsZeros: Bool,
    onlyZeros: Bool = false
  ) throws {
    guard let id = node.inputs[0], kernel.count == 2 else {
      throw DataError(.unsupported, "a window of \(kernel.count) axes", expected: "2")
    }
    guard dilations.allSatisfy({ $0 == 1 }) else { throw DataError(.unsupported, "dilations") }
    let extents = exporter.extents(id).map { Array($0.dropFirst(2)) } ?? [nil, nil]
    if ceilMode { try requireWholeWindows(extents, kernel, strides, padding) }
    if isCentred(kernel, padding), strides != [1, 1], !allowsZeros,
      (try? ExportedWindow(
        padding, reach: kernel, strides: strides, extents: extents, allowsZeros: false)) == nil
    {
      return try thinned(&exporter, node, className, kernel, strides)
    }
    var window = try ExportedWindow(
      padding, reach: kernel, strides: strides, extents: extents, allowsZeros: allowsZeros)
    if onlyZeros, window.padding == "same", case .explicit(let begin, let end) = padding {
      window.padding = "valid"
      window.zeros = [[begin[0], end[0]], [begin[1], end[1]]]
    }
    let name = KerasExporter.nodeName(node)
    let x = exporter.padded(try exporter.image(id), window, name: name)
    exporter.set(
      node.outputs[0],
      exporter.add(
        className, name: name,
        [
          "pool_size": KerasExporter.json(kernel), "strides": KerasExporter.json(strides),
          "padding": .string(window.padding), "data_format": "channels_last",
        ], [x], rank: 4, isImage: true))
  }

  /// Whether the padding is what `same` adds when every window counts.
  private static func isCentred(_ kernel: [Int], _ padding: Padding) -> Bool {
    guard case .explicit(let begin, let end) = padding else { return false }
    return begin == kernel.map { ($0 - 1) / 2 } && end == kernel.map { $0 - 1 - ($0 - 1) / 2 }
  }

  /// Every window, of which then every second one is kept: Keras cannot pad so when it takes steps.
  private static func thinned(
    _ exporter: inout KerasExporter, _ node: Node, _ className: String, _ kernel: [Int],
    _ strides: [Int]
  ) throws {
    func config(_ kernel: [Int], _ strides: [Int], _ padding: String)
      -> OrderedDictionary<String, JSONValue>
    {
      [
        "pool_size": KerasExporter.json(kernel), "strides": KerasExporter.json(strides),
        "padding": .string(padding), "data_format": "channels_last",
      ]
    }
    let name = KerasExporter.nodeName(node)
    let all = exporter.add(
      className, name: "\(name)_all", config(kernel, [1, 1], "same"),
      [try exporter.image(node.inputs[0])], rank: 4, isImage: true)
    exporter.set(
      node.outputs[0],
      exporter.add(
        "MaxPooling2D", name: name, config([1, 1], strides, "valid"), [all], rank: 4, isImage: true)
    )
  }

  /// Rounding up changes nothing when the last window is whole.
  private static func requireWholeWindows(
    _ extents: [Int?], _ kernel: [Int], _ strides: [Int], _ padding: Padding
  ) throws {
    guard case .explicit(let begin, let end) = padding else { return }
    for i in 0..<2 {
      guard let extent = extents[i], (extent + begin[i] + end[i] - kernel[i]) % strides[i] == 0
      else {
        throw DataError(.unsupported, "windows that are only partly filled (ceil_mode)")
      }
    }
  }

  private static func whole(
    _ exporter: inout KerasExporter, _ node: Node, _ className: String, keepsAxes: Bool
  ) throws {
    let x = try exporter.image(node.inputs[0])
    exporter.set(
      node.outputs[0],
      exporter.add(
        className, name: KerasExporter.nodeName(node),
        ["data_format": "channels_last", "keepdims": .bool(keepsAxes)], [x],
        rank: keepsAxes ? 4 : 2, isImage: keepsAxes))
  }

  private static func overPixels(
    _ exporter: inout KerasExporter, _ node: Node, _ className: String, _ keepsAxes: Bool
  ) throws {
    let tensor = try exporter.tensor(node.inputs[0])
    let axes = node.inputs.count > 1 ? try exporter.integers(node.inputs[1]) : nil
    let resolved = axes?.map { $0 < 0 ? $0 + tensor.rank : $0 }.sorted()
    guard tensor.rank == 4, resolved == [2, 3] else {
      throw DataError(.unsupported, "other axes than a picture's height and width")
    }
    try whole(&exporter, node, className, keepsAxes: keepsAxes)
  }

  private static func resize(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let resize = node.operator as? Resize, let id = node.inputs[0], node.inputs.count > 2,
      let scales = try exporter.numbers(node.inputs[2]), scales.count == 4 || resize.axes == [2, 3]
    else { throw DataError(.unsupported, "other than whole factors") }
    let factors = scales.suffix(2).map { Int(exactly: $0) ?? 0 }
    guard factors.allSatisfy({ $0 >= 1 }),
      scales.count == 2 || scales.prefix(2).allSatisfy({ $0 == 1 })
    else { throw DataError(.unsupported, "other than whole factors of height and width") }
    let interpolation: String
    switch (resize.mode, resize.coordinateTransformation, resize.nearestMode) {
    case (.nearest, .asymmetric, .floor), (.nearest, .halfPixel, .roundPreferFloor):
      interpolation = "nearest"
    case (.linear, .halfPixel, _), (.linear, .pytorchHalfPixel, _): interpolation = "bilinear"
    default:
      throw DataError(
        .unsupported, "\(resize.mode.rawValue) by \(resize.coordinateTransformation.rawValue)")
    }
    let x = try exporter.image(id)
    exporter.set(
      node.outputs[0],
      exporter.add(
        "UpSampling2D", name: KerasExporter.nodeName(node),
        [
          "size": KerasExporter.json(factors), "data_format": "channels_last",
          "interpolation": .string(interpolation),
        ], [x], rank: 4, isImage: true))
  }
}

extension KerasExporter {
  /// Whether what computes a value gives nothing below zero, so that added zeros are never the greatest.
  func isNeverNegative(_ id: ValueID?) -> Bool {
    var place = id
    for _ in 0..<64 {
      guard let node = producer(place) else { return false }
      switch node.operator {
      case is Relu, is Sigmoid, is Softmax, is HardSigmoid: return true
      case is Clip:
        let least = node.inputs.count > 1 ? try? numbers(node.inputs[1]) : nil
        return (least?.first).map { $0 >= 0 } ?? false
      case is MaxPool, is AveragePool, is GlobalAveragePool, is Transpose, is Identity, is Dropout:
        place = node.inputs[0]
      default: return false
      }
    }
    return false
  }
}
