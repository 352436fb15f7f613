import BinaryIO
import ModelGraph
import Operators
import Tensors

extension ONNXOperator {
  static let resize = ONNXOperator(Resize.self, since: 13) { node in
    if node.opset < 11 {
      return try node.emit(try node.oldResize(), [try node.input(0), nil, try node.input(1)])
    }
    var ours = Resize(mode: try node.choice("mode", default: .nearest))
    ours.coordinateTransformation = try node.choice(
      "coordinate_transformation_mode", default: .halfPixel)
    ours.nearestMode = try node.choice("nearest_mode", default: .roundPreferFloor)
    ours.cubicCoefficient = try node.number("cubic_coeff_a", default: -0.75)
    ours.excludeOutside = try node.flag("exclude_outside")
    ours.extrapolationValue = try node.number("extrapolation_value", default: 0)
    ours.antialias = try node.flag("antialias")
    ours.axes = try node.integers("axes")
    ours.keepAspectRatio = try node.choice("keep_aspect_ratio_policy", default: .stretch)
    try node.emit(ours, node.inputsWithoutEmpty)
  } write: { ours, node in
    if ours.antialias || ours.axes != nil || ours.keepAspectRatio != .stretch {
      node.require(opset: 18)
    }
    if ours.coordinateTransformation == .halfPixelSymmetric { node.require(opset: 19) }
    node.emit([
      "mode": .text(ours.mode.rawValue),
      "coordinate_transformation_mode": .text(ours.coordinateTransformation.rawValue),
      "nearest_mode": .text(ours.nearestMode.rawValue),
      "cubic_coeff_a": .number(ours.cubicCoefficient),
      "exclude_outside": .flag(ours.excludeOutside),
      "extrapolation_value": .number(ours.extrapolationValue),
      "antialias": ours.antialias ? .flag(true) : nil, "axes": ours.axes.map { .integers($0) },
      "keep_aspect_ratio_policy": ours.keepAspectRatio == .stretch
        ? nil : .text(ours.keepAspectRatio.rawValue),
    ])
  }

  /// What Resize was called before opset 10.
  static let upsample = ONNXOperator(reading: "Upsample") { node in
    let ours = try node.oldResize()
    if node.opset >= 9 { return try node.emit(ours, [try node.input(0), nil, try node.input(1)]) }
    var scales = try node.numbers("scales")
    if let height = try node.number("height_scale"), let width = try node.number("width_scale") {
      scales = [1, 1, Float(height), Float(width)]
    }
    guard let scales else { throw DataError(.malformed, "the attribute 'scales' is missing") }
    try node.emit(ours, [try node.input(0), nil, node.constant(Tensor(scales), "scales")])
  }
}

extension NodeReading {
  /// Before opset 11 places are simply divided by the scale.
  fileprivate mutating func oldResize() throws -> Resize {
    let mode = try text("mode") ?? "nearest"
    return Resize(
      mode: mode == "nearest" ? .nearest : .linear, coordinateTransformation: .asymmetric,
      nearestMode: .floor)
  }

  /// An empty tensor for roi, scales or sizes means that it is left out.
  fileprivate var inputsWithoutEmpty: [ValueID?] {
    inputs.map { id in id.flatMap { type($0).shape?.elementCount == 0 ? nil : $0 } }
  }
}
