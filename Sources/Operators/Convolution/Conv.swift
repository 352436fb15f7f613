import BinaryIO
import ModelGraph
import Tensors

/// Convolution: each output is a weighted sum over a window of the input.
///
/// - Shapes: x `[N, C, …]`, weight `[M, C / groups, kernel…]`, bias `[M]` (optional); gives `[N, M,
///   …]`.
/// - Source: ONNX Conv-22.
public struct Conv: Operator {
  public static let name = "Conv"
  /// Steps of the window along each spatial axis.
  public var strides: [Int]
  public var padding: Padding
  /// Distances between the window's elements along each spatial axis.
  public var dilations: [Int]
  /// Parts into which the channels are divided; each output sees one part of the inputs.
  public var groups: Int

  public init(
    strides: [Int] = [1, 1], padding: Padding = .none, dilations: [Int] = [1, 1], groups: Int = 1
  ) {
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.groups = groups
  }

  /// The window along each spatial axis, for known extents.
  /// - Throws: `.mismatch` when the attributes do not fit the extents.
  public func window(input: [Int], kernel: [Int]) throws -> [WindowAxis] {
    try attributes(kernel).axes(input)
  }

  private func attributes(_ kernel: [Int]) -> WindowAttributes {
    WindowAttributes(kernel: kernel, strides: strides, dilations: dilations, padding: padding)
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...3)
    try inputs.floatingPoint(0)
    let type = try inputs.sameType(0..<inputs.count)
    let x = try inputs.dimensions(0, "the input", rank: 3...Shape.maximumRank)
    let weight = try inputs.dimensions(1, "the weight", rank: 3...Shape.maximumRank)
    guard groups >= 1 else { throw DataError(.mismatch, "\(groups) groups") }
    guard let weight else {
      return [TensorType(type, x.map { x in [x[0]] + x.dropFirst().map { _ in .unknown } })]
    }
    if let outputs = weight[0].value, outputs % groups != 0 {
      throw DataError(.mismatch, "\(outputs) output channels in \(groups) groups")
    }
    if inputs.has(2), let bias = try inputs.dimensions(2, "the bias", rank: 1...1),
      unified(bias[0], weight[0]) == nil
    {
      throw DataError(.mismatch, "a bias of \(bias[0]) for \(weight[0]) output channels")
    }
    guard let x else {
      return [
        TensorType(type, [.unknown, weight[0]] + weight.dropFirst(2).map { _ in .unknown })
      ]
    }
    guard x.count == weight.count else {
      throw DataError(.mismatch, "the weight \(text(weight)) does not fit the input \(text(x))")
    }
    if let channels = x[1].value, let part = weight[1].value,
      channels % groups != 0 || channels / groups != part
    {
      throw DataError(
        .mismatch, "the weight \(text(weight)) wants \(part) channels a group",
        expected: "the \(channels) channels of the input \(text(x)) in \(groups) groups")
    }
    let kernel = weight.dropFirst(2).compactMap(\.value)
    guard kernel.count == weight.count - 2 else {
      return [TensorType(type, [x[0], weight[0]] + x.dropFirst(2).map { _ in .unknown })]
    }
    return [
      TensorType(
        type, [x[0], weight[0]] + (try attributes(kernel).outputs(Array(x.dropFirst(2)))))
    ]
  }

  /// Sums in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let (x, weight) = (try inputs.required(0), try inputs.required(1))
    let (extents, kernel) = (Array(x.shape.dropFirst(2)), Array(weight.shape.dropFirst(2)))
    let axes = try window(input: extents, kernel: kernel)
    let (xs, ws) = (x.doubles, weight.doubles)
    let bias = inputs.optional(2)?.doubles
    let (inputSize, kernelSize) = (extents.reduce(1, *), kernel.reduce(1, *))
    let outputSize = axes.reduce(1) { $0 * $1.output }
    let (channels, part, outputs) = (x.shape[1], weight.shape[1], weight.shape[0])
    var result = [Double](repeating: 0, count: shape.elementCount)
    walkWindows(
      outputs: axes.map(\.output), inputs: extents, kernel: kernel,
      taps: { axes[$0].taps(at: $1) }
    ) { place, _, taps in
      for n in 0..<shape[0] {
        for m in 0..<outputs {
          let firstChannel = m / (outputs / groups) * part
          var sum = bias?[m] ?? 0
          for c in 0..<part {
            let from = (n * channels + firstChannel + c) * inputSize
            let with = (m * part + c) * kernelSize
            for tap in taps { sum += xs[from + tap.input] * ws[with + tap.kernel] }
          }
          result[(n * outputs + m) * outputSize + place] = sum
        }
      }
    }
    return [Tensor(shape: shape, result).cast(to: x.dataType)]
  }
}

extension Conv: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, x, weight) = (try builder.flow(0), try builder.input(0), try builder.input(1))
    let (shape, kernel) = (try builder.shape(x), Array(try builder.shape(weight).dropFirst(2)))
    let axes = try window(input: Array(shape.dropFirst(2)), kernel: kernel)
    let padding = Padding.explicit(begin: axes.map(\.begin), end: axes.map(\.end))
    var gradients: [ValueID?] = [nil, nil, nil]
    if builder.wants(0) {
      // What the last window did not reach is beyond what a transposed one gives
      let missed = axes.map { axis in
        let reach = (axis.kernel - 1) * axis.dilation + 1
        return axis.input + axis.begin + axis.end - ((axis.output - 1) * axis.stride + reach)
      }
      gradients[0] = try builder.add(
        ConvTranspose(
          strides: strides, padding: padding, dilations: dilations, groups: groups,
          outputPadding: missed), [flow, weight])
    }
    if builder.wants(1) {
      gradients[1] = try builder.add(
        ConvWeightGradient(
          kernel: kernel, strides: strides, padding: padding, dilations: dilations,
          groups: groups), [x, flow])
    }
    if builder.wants(2) {
      gradients[2] = try builder.summed(flow, over: [0] + Array(2..<shape.rank))
    }
    return gradients
  }
}
