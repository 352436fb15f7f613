import BinaryIO
import ModelGraph
import Tensors

/// The greatest element of each window.
///
/// - Shapes: x `[N, C, …]`; gives the maxima `[N, C, …]` and where they were found, as indices into
///   the flattened x.
/// - Source: ONNX MaxPool-22.
public struct MaxPool: Operator {
  public static let name = "MaxPool"
  /// Extents of the window.
  public var kernel: [Int]
  /// Steps of the window along each spatial axis.
  public var strides: [Int]
  public var padding: Padding
  /// Distances between the window's elements along each spatial axis.
  public var dilations: [Int]
  /// Whether a window that is only partly filled at the end still counts.
  public var ceilMode: Bool
  /// Whether the indices count along the first spatial axis first (`storage_order` 1).
  public var columnMajorIndices: Bool

  public init(
    kernel: [Int], strides: [Int] = [1, 1], padding: Padding = .none, dilations: [Int] = [1, 1],
    ceilMode: Bool = false, columnMajorIndices: Bool = false
  ) {
    self.kernel = kernel
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.ceilMode = ceilMode
    self.columnMajorIndices = columnMajorIndices
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
    let type = try inputs.number(0)
    let x = try inputs.dimensions(0, "the input", rank: 3...Shape.maximumRank)
    guard let x else { return [TensorType(type), TensorType(.int64)] }
    let dimensions = Array(x[..<2]) + (try attributes.outputs(Array(x[2...])))
    return [TensorType(type, dimensions), TensorType(.int64, dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let extents = Array(x.shape.dropFirst(2))
    var maxima = [Double](repeating: -.infinity, count: shape.elementCount)
    var indices = [Int](repeating: 0, count: shape.elementCount)
    try poolWindows(x, window(input: extents)) { output, _, plane, values, taps in
      var (best, at) = (-Double.infinity, 0)
      for tap in taps {
        let value = values[plane + tap.input]
        if value > best || value.isNaN { (best, at) = (value, tap.input) }
        if value.isNaN { break }
      }
      maxima[output] = best
      indices[output] = plane + (columnMajorIndices ? columnMajor(at, extents) : at)
    }
    return [Tensor(shape: shape, maxima).cast(to: x.dataType), Tensor(shape: shape, indices)]
  }

  /// The index that counts along the first axis first.
  private func columnMajor(_ index: Int, _ extents: [Int]) -> Int {
    var (rest, result, step) = (index, 0, extents.reduce(1, *))
    for extent in extents.reversed() {
      step /= extent
      result += rest % extent * step
      rest /= extent
    }
    return result
  }
}

extension MaxPool: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.onlyFirstOutput()
    return [
      try builder.add(
        PoolGradient(.maximum, window(of: builder)), [builder.input(0), builder.flow(0)])
    ]
  }
}

extension MaxPool {
  private func window(of builder: GradientBuilder) throws -> [WindowAxis] {
    try window(input: Array(try builder.shape(builder.input(0)).dropFirst(2)))
  }
}
