import BinaryIO
import ModelGraph
import Tensors

/// A tensor sampled at other resolutions.
///
/// Inputs: x, roi (optional), scales (optional), sizes (optional).
/// - Source: ONNX Resize-19.
public struct Resize: Operator {
  public static let name = "Resize"
  public var mode: Mode
  public var coordinateTransformation: CoordinateTransformation
  public var nearestMode: NearestMode
  public var cubicCoefficient: Double
  /// Whether weights of samples outside are dropped.
  public var excludeOutside: Bool
  /// What lies outside x, for `.cropAndResize`.
  public var extrapolationValue: Double
  public var antialias: Bool
  /// The axes that roi, scales and sizes speak of; nil for all.
  public var axes: [Int]?
  public var keepAspectRatio: AspectRatio

  public init(
    mode: Mode = .nearest, coordinateTransformation: CoordinateTransformation = .halfPixel,
    nearestMode: NearestMode = .roundPreferFloor, cubicCoefficient: Double = -0.75,
    excludeOutside: Bool = false, extrapolationValue: Double = 0, antialias: Bool = false,
    axes: [Int]? = nil, keepAspectRatio: AspectRatio = .stretch
  ) {
    self.mode = mode
    self.coordinateTransformation = coordinateTransformation
    self.nearestMode = nearestMode
    self.cubicCoefficient = cubicCoefficient
    self.excludeOutside = excludeOutside
    self.extrapolationValue = extrapolationValue
    self.antialias = antialias
    self.axes = axes
    self.keepAspectRatio = keepAspectRatio
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...4)
    try inputs.number(0)
    guard let x = inputs[0].dimensions else { return [TensorType(inputs[0].dataType)] }
    let request = try ResizeRequest(self, inputs, rank: x.count)
    let dimensions: [Dimension] = try x.enumerated().map { axis, dimension in
      guard request.changes(axis) else { return dimension }
      guard request.isKnown, let extent = dimension.value else {
        return request.fixedSize(axis).map { .fixed($0) } ?? .unknown
      }
      return .fixed(try request.axis(axis, extent: extent, shape: x.map(\.value)).output)
    }
    return [TensorType(inputs[0].dataType, dimensions)]
  }

  /// Interpolates in Double, one axis after another.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    guard shape.elementCount > 0 else { return [Tensor(zeros: shape, dataType: x.dataType)] }
    let request = try ResizeRequest(self, OperatorInputs(evaluating: inputs), rank: x.rank)
    let outside = Tensor(scalar: extrapolationValue)
    var result = mode == .nearest ? x : x.cast(to: .float64)
    for axis in 0..<x.rank where request.changes(axis) {
      let line = try request.axis(axis, extent: x.shape[axis], shape: x.shape.map { $0 })
      if line.isIdentity && coordinateTransformation != .cropAndResize { continue }
      let samples = (0..<line.output).map { sample(at: $0, line) }
      if mode == .nearest {
        let indices = samples.map { $0.first?.index ?? -1 }
        result = try result.selecting(axis: axis, indices, fill: outside.cast(to: x.dataType))
      } else {
        result = interpolate(result, axis, samples)
      }
    }
    return [result.cast(to: x.dataType)]
  }

  /// The elements of x that a place of the result is made of; none where it lies outside.
  func sample(at place: Int, _ line: ResizeAxis) -> [ResizeSample] {
    let position = line.position(of: place, coordinateTransformation)
    let last = Double(line.input - 1)
    guard !position.isNaN else { return [] }
    if coordinateTransformation == .cropAndResize && !(0...last).contains(position) { return [] }
    if mode == .nearest {
      let nearest =
        switch nearestMode {
        case .roundPreferFloor: (position - 0.5).rounded(.up)
        case .roundPreferCeil: (position + 0.5).rounded(.down)
        case .floor: position.rounded(.down)
        case .ceil: position.rounded(.up)
        }
      return [ResizeSample(index: Int(max(0, min(last, nearest))), weight: 1)]
    }
    return line.filtered(
      around: position, cubic: mode == .cubic ? cubicCoefficient : nil, antialias: antialias,
      excludeOutside: excludeOutside)
  }

  private func interpolate(_ x: Tensor, _ axis: Int, _ samples: [[ResizeSample]]) -> Tensor {
    var extents = x.shape.dimensions
    let (extent, width) = (extents[axis], extents[(axis + 1)...].reduce(1, *))
    let outer = extents[..<axis].reduce(1, *)
    extents[axis] = samples.count
    let values = x.doubles
    var result = [Double](repeating: 0, count: outer * samples.count * width)
    for i in 0..<outer {
      for (place, taps) in samples.enumerated() {
        let target = (i * samples.count + place) * width
        if taps.isEmpty {
          for j in 0..<width { result[target + j] = extrapolationValue }
        }
        for tap in taps {
          let source = (i * extent + tap.index) * width
          for j in 0..<width { result[target + j] += tap.weight * values[source + j] }
        }
      }
    }
    return Tensor(shape: Shape(extents), result)
  }

  /// How a sample between elements comes about. Raw values are ONNX's.
  public enum Mode: String, Sendable { case nearest, linear, cubic }

  /// How a place in the result becomes a place in x. Raw values are ONNX's.
  public enum CoordinateTransformation: String, Sendable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case cropAndResize = "tf_crop_and_resize"
  }

  /// Which of two elements is the nearest. Raw values are ONNX's.
  public enum NearestMode: String, Sendable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor
    case ceil
  }

  /// What sizes mean for pictures of another aspect ratio. Raw values are ONNX's.
  public enum AspectRatio: String, Sendable {
    case stretch
    case notLarger = "not_larger"
    case notSmaller = "not_smaller"
  }
}

extension Resize: Differentiable {
  /// Each axis back through the shares that the samples had in it.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (x, shape) = (try builder.input(0), try builder.shape(builder.input(0)))
    let request = try ResizeRequest(self, builder.inputs, rank: shape.rank)
    guard request.isKnown else { throw DataError(.unsupported, "a size that is computed") }
    var flow = try builder.flow(0)
    for axis in (0..<shape.rank).reversed() where request.changes(axis) {
      let line = try request.axis(axis, extent: shape[axis], shape: shape.map { $0 })
      if line.isIdentity && coordinateTransformation != .cropAndResize { continue }
      guard line.input * line.output <= 1 << 26 else {
        throw DataError(.unsupported, "an axis of \(line.input) resized to \(line.output)")
      }
      var shares = [Double](repeating: 0, count: line.output * line.input)
      for place in 0..<line.output {
        for tap in sample(at: place, line) { shares[place * line.input + tap.index] += tap.weight }
      }
      let matrix = builder.constant(
        Tensor(shape: [line.output, line.input], shares).cast(to: builder.dataType(x)))
      var order = Array(0..<shape.rank)
      order.swapAt(axis, shape.rank - 1)
      let rows = axis == shape.rank - 1 ? flow : try builder.transposed(flow, order)
      let product = try builder.add(MatMul(), [rows, matrix])
      flow = axis == shape.rank - 1 ? product : try builder.transposed(product, order)
    }
    return [flow]
  }
}
