import BinaryIO
import ModelGraph
import Tensors

/// How the loss moves with a convolution's weight: each input times what became of it, over all places of the window.
///
/// Not one of the standard's operators.
/// - Shapes: x `[N, C, …]`, the gradient of the result `[N, M, …]`; gives `[M, C / groups, kernel…]`.
public struct ConvWeightGradient: Operator {
  public static let name = "ConvWeightGradient"
  /// Extents of the window.
  public var kernel: [Int]
  /// Steps of the window along each spatial axis.
  public var strides: [Int]
  public var padding: Padding
  /// Distances between the window's elements along each spatial axis.
  public var dilations: [Int]
  /// Parts into which the channels are divided; each output sees one part of the inputs.
  public var groups: Int

  public init(
    kernel: [Int], strides: [Int] = [1, 1], padding: Padding = .none, dilations: [Int] = [1, 1],
    groups: Int = 1
  ) {
    self.kernel = kernel
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.groups = groups
  }

  private var attributes: WindowAttributes {
    WindowAttributes(kernel: kernel, strides: strides, dilations: dilations, padding: padding)
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.floatingPoint(0)
    let type = try inputs.sameType(0...1)
    let x = try inputs.dimensions(0, "the input", rank: 3...Shape.maximumRank)
    let flow = try inputs.dimensions(1, "the gradient", rank: 3...Shape.maximumRank)
    guard let x, let flow else { return [TensorType(type)] }
    guard groups >= 1, x.count == flow.count, unified(x[0], flow[0]) != nil,
      (x[1].value ?? 0) % groups == 0, (flow[1].value ?? 0) % groups == 0,
      zip(try attributes.outputs(Array(x.dropFirst(2))), flow.dropFirst(2))
        .allSatisfy({ unified($0, $1) != nil })
    else {
      throw DataError(
        .mismatch, "the gradient \(text(flow)) does not fit the input \(text(x))")
    }
    let part = x[1].value.map { Dimension.fixed($0 / groups) } ?? .unknown
    return [TensorType(type, [flow[1], part] + kernel.map { .fixed($0) })]
  }

  /// Sums in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let (x, flow) = (try inputs.required(0), try inputs.required(1))
    let extents = Array(x.shape.dropFirst(2))
    let axes = try attributes.axes(extents)
    let (xs, flows) = (x.doubles, flow.doubles)
    let (inputSize, kernelSize) = (extents.reduce(1, *), kernel.reduce(1, *))
    let outputSize = axes.reduce(1) { $0 * $1.output }
    let (channels, outputs, part) = (x.shape[1], flow.shape[1], shape[1])
    var result = [Double](repeating: 0, count: shape.elementCount)
    walkWindows(
      outputs: axes.map(\.output), inputs: extents, kernel: kernel,
      taps: { axes[$0].taps(at: $1) }
    ) { place, _, taps in
      for n in 0..<x.shape[0] {
        for m in 0..<outputs {
          let factor = flows[(n * outputs + m) * outputSize + place]
          let firstChannel = m / (outputs / groups) * part
          for c in 0..<part {
            let from = (n * channels + firstChannel + c) * inputSize
            let to = (m * part + c) * kernelSize
            for tap in taps { result[to + tap.kernel] += factor * xs[from + tap.input] }
          }
        }
      }
    }
    return [Tensor(shape: shape, result).cast(to: x.dataType)]
  }
}
