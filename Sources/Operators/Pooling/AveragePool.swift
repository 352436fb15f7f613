import BinaryIO
import ModelGraph
import Tensors

/// The mean of each window.
///
/// - Shapes: x `[N, C, …]`; gives `[N, C, …]`.
/// - Source: ONNX AveragePool-22.
public struct AveragePool: Operator {
  public static let name = "AveragePool"
  /// Extents of the window.
  public var kernel: [Int]
  /// Steps of the window along each spatial axis.
  public var strides: [Int]
  public var padding: Padding
  /// Distances between the window's elements along each spatial axis.
  public var dilations: [Int]
  /// Whether a window that is only partly filled at the end still counts.
  public var ceilMode: Bool
  /// Whether padding counts as elements that are zero.
  public var countIncludePad: Bool

  public init(
    kernel: [Int], strides: [Int] = [1, 1], padding: Padding = .none, dilations: [Int] = [1, 1],
    ceilMode: Bool = false, countIncludePad: Bool = false
  ) {
    self.kernel = kernel
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.ceilMode = ceilMode
    self.countIncludePad = countIncludePad
  }

  /// The window along each spatial axis, for known extents.
  /// - Throws: `.mismatch` when the attributes do not fit the extents.
  public func window(input: [Int]) throws -> [WindowAxis] { try attributes.axes(input) }

  private var attributes: WindowAttributes {
    WindowAttributes(
      kernel: kernel, strides: strides, dilations: dilations, padding: padding,
      ceilMode: ceilMode)
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    let type = try inputs.floatingPoint(0)
    let x = try inputs.dimensions(0, "the input", rank: 3...Shape.maximumRank)
    guard let x else { return [TensorType(type)] }
    let dimensions = Array(x[..<2]) + (try attributes.outputs(Array(x[2...])))
    return [TensorType(type, dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let axes = try window(input: Array(x.shape.dropFirst(2)))
    var means = [Double](repeating: 0, count: shape.elementCount)
    poolWindows(x, axes) { output, place, plane, values, taps in
      let count =
        countIncludePad
        ? zip(axes, place).reduce(1.0) { $0 * Double($1.0.paddedCount(at: $1.1)) }
        : Double(taps.count)
      means[output] = taps.reduce(0) { $0 + values[plane + $1.input] } / max(count, 1)
    }
    return [Tensor(shape: shape, means).cast(to: x.dataType)]
  }
}

extension AveragePool: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let axes = try window(input: Array(try builder.shape(builder.input(0)).dropFirst(2)))
    return [
      try builder.add(
        PoolGradient(.average(countsPadding: countIncludePad), axes),
        [builder.input(0), builder.flow(0)])
    ]
  }
}
