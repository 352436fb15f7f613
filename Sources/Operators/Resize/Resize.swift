import BinaryIO
import ModelGraph
import Tensors

/// A tensor sampled at other resolutions.
///
/// Inputs: x, roi (optional), scales (optional), sizes (optional).
/// - Source: ONNX Resize-19.
public struct Resize: ProvisionalOperator {
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
