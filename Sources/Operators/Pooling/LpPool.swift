import BinaryIO
import ModelGraph
import Tensors

/// The p-norm of each window.
///
/// - Shapes: x `[N, C, …]`; gives `[N, C, …]`.
/// - Source: ONNX LpPool-22.
public struct LpPool: Operator {
  public static let name = "LpPool"
  /// Extents of the window.
  public var kernel: [Int]
  /// Steps of the window along each spatial axis.
  public var strides: [Int]
  public var padding: Padding
  /// Distances between the window's elements along each spatial axis.
  public var dilations: [Int]
  /// Whether a window that is only partly filled at the end still counts.
  public var ceilMode: Bool
  public var p: Int

  public init(
    kernel: [Int], strides: [Int] = [1, 1], padding: Padding = .none, dilations: [Int] = [1, 1],
    ceilMode: Bool = false, p: Int = 2
  ) {
    self.kernel = kernel
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.ceilMode = ceilMode
    self.p = p
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
    var norms = [Double](repeating: 0, count: shape.elementCount)
    try poolWindows(x, window(input: Array(x.shape.dropFirst(2)))) {
      output, _, plane, values, taps in
      let sum = taps.reduce(0) { $0 + C.pow(abs(values[plane + $1.input]), Double(p)) }
      norms[output] = C.pow(sum, 1 / Double(p))
    }
    return [Tensor(shape: shape, norms).cast(to: x.dataType)]
  }
}

extension LpPool: Differentiable {
  /// `sign(x) |x|^(p - 1)`, times the sum over the windows that see x of `f / y^(p - 1)`.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, x, y) = (try builder.flow(0), try builder.input(0), try builder.output(0))
    let axes = try window(input: Array(try builder.shape(x).dropFirst(2)))
    // The gradient of a mean divides by the window's size, of a sum it does not
    let extents = axes.map(\.output)
    var counts = [1.0]
    for axis in axes {
      let along = (0..<axis.output).map { Double(max(axis.paddedCount(at: $0), 1)) }
      counts = counts.flatMap { count in along.map { count * $0 } }
    }
    let sizes = builder.constant(
      Tensor(shape: Shape(extents), counts).cast(to: builder.dataType(x)))
    let share = try builder.quotient(flow, builder.powerOfSize(y, p - 1))
    let felt = try builder.add(
      PoolGradient(.average(countsPadding: true), axes), [x, builder.multiply(share, sizes)])
    return [try builder.multiply(felt, builder.signedPower(x, p - 1))]
  }
}
