import BinaryIO
import ModelGraph
import Tensors

/// Transposed convolution: each input spreads over a window of the output.
///
/// - Shapes: x `[N, C, …]`, weight `[C, M / groups, kernel…]`, bias `[M]` (optional); gives `[N, M,
///   …]`.
/// - Source: ONNX ConvTranspose-22.
public struct ConvTranspose: Operator {
  public static let name = "ConvTranspose"
  /// Steps of the window along each spatial axis.
  public var strides: [Int]
  public var padding: Padding
  /// Distances between the window's elements along each spatial axis.
  public var dilations: [Int]
  /// Parts into which the channels are divided; each output sees one part of the inputs.
  public var groups: Int
  /// Extra extent at the end of each spatial axis of the output.
  public var outputPadding: [Int]
  /// The output's spatial extents; the padding then follows from them.
  public var outputShape: [Int]?

  public init(
    strides: [Int] = [1, 1], padding: Padding = .none, dilations: [Int] = [1, 1], groups: Int = 1,
    outputPadding: [Int] = [0, 0], outputShape: [Int]? = nil
  ) {
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.groups = groups
    self.outputPadding = outputPadding
    self.outputShape = outputShape
  }

  /// The window along each spatial axis, for known extents.
  /// - Throws: `.mismatch` when the attributes do not fit the extents.
  public func window(input: [Int], kernel: [Int]) throws -> [WindowAxis] {
    let attributes = try attributes(kernel, spatialRank: input.count)
    return try input.indices.map { try axis($0, input: input[$0], attributes) }
  }

  private func attributes(_ kernel: [Int], spatialRank: Int) throws -> WindowAttributes {
    let attributes = WindowAttributes(
      kernel: kernel, strides: strides, dilations: dilations, padding: padding)
    try attributes.check(spatialRank: spatialRank)
    for extents in [outputPadding, outputShape].compactMap({ $0 }) {
      guard extents.count == spatialRank,
        extents.allSatisfy({ (0...WindowAttributes.limit).contains($0) })
      else {
        throw DataError(
          .mismatch, "the output's extents or padding \(extents)",
          expected: "\(spatialRank) spatial axes")
      }
    }
    return attributes
  }

  private func axis(
    _ axis: Int, input: Int, _ attributes: WindowAttributes
  ) throws -> WindowAxis {
    guard input <= WindowAttributes.limit else {
      throw DataError(.limitExceeded, "a spatial axis of \(input) elements")
    }
    let full = max(input - 1, 0) * strides[axis] + outputPadding[axis] + attributes.reach(axis)
    var (begin, end) = (0, 0)
    if case .explicit(let begins, let ends) = padding, outputShape == nil {
      (begin, end) = (begins[axis], ends[axis])
    } else {
      let total = full - (outputShape?[axis] ?? input * strides[axis])
      let smaller = max(total, 0) / 2
      begin = padding == .sameUpper ? smaller : max(total, 0) - smaller
      end = total - begin
    }
    guard full - begin - end >= 0 else {
      throw DataError(.mismatch, "padding of \(begin + end) on an output of \(full)")
    }
    return WindowAxis(
      input: input, output: full - begin - end, kernel: attributes.kernel[axis],
      stride: strides[axis], dilation: dilations[axis], begin: begin, end: end)
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...3)
    try inputs.floatingPoint(0)
    let type = try inputs.sameType(0..<inputs.count)
    let x = try inputs.dimensions(0, "the input", rank: 3...Shape.maximumRank)
    let weight = try inputs.dimensions(1, "the weight", rank: 3...Shape.maximumRank)
    guard groups >= 1 else { throw DataError(.mismatch, "\(groups) groups") }
    guard let x, let weight else {
      let rank = x?.count ?? weight?.count
      return [TensorType(type, rank.map { [Dimension](repeating: .unknown, count: $0) })]
    }
    guard x.count == weight.count, unified(x[1], weight[0]) != nil else {
      throw DataError(.mismatch, "the weight \(text(weight)) does not fit the input \(text(x))")
    }
    var channels = Dimension.unknown
    if let part = weight[1].value {
      let (product, overflow) = part.multipliedReportingOverflow(by: groups)
      guard !overflow else { throw DataError(.limitExceeded, "\(groups) groups") }
      channels = .fixed(product)
    }
    if let count = x[1].value ?? weight[0].value, count % groups != 0 {
      throw DataError(.mismatch, "\(count) input channels in \(groups) groups")
    }
    if inputs.has(2), let bias = try inputs.dimensions(2, "the bias", rank: 1...1),
      unified(bias[0], channels) == nil
    {
      throw DataError(.mismatch, "a bias of \(bias[0]) for \(channels) output channels")
    }
    let kernel = weight.dropFirst(2).compactMap(\.value)
    guard kernel.count == x.count - 2 else {
      return [TensorType(type, [x[0], channels] + x.dropFirst(2).map { _ in .unknown })]
    }
    let attributes = try attributes(kernel, spatialRank: kernel.count)
    let spatial: [Dimension] = try x.dropFirst(2).enumerated().map { index, extent in
      try extent.value.map { .fixed(try axis(index, input: $0, attributes).output) } ?? .unknown
    }
    return [TensorType(type, [x[0], channels] + spatial)]
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
    let (channels, part) = (x.shape[1], weight.shape[1])
    var result = [Double](repeating: 0, count: shape.elementCount)
    walkWindows(
      outputs: axes.map(\.output), inputs: extents, kernel: kernel,
      taps: { axes[$0].transposedTaps(at: $1) }
    ) { place, _, taps in
      for n in 0..<shape[0] {
        for m in 0..<shape[1] {
          let group = m / part
          var sum = bias?[m] ?? 0
          for c in (group * (channels / groups))..<((group + 1) * (channels / groups)) {
            let from = (n * channels + c) * inputSize
            let with = (c * part + m % part) * kernelSize
            for tap in taps { sum += xs[from + tap.input] * ws[with + tap.kernel] }
          }
          result[(n * shape[1] + m) * outputSize + place] = sum
        }
      }
    }
    return [Tensor(shape: shape, result).cast(to: x.dataType)]
  }
}

extension ConvTranspose: Differentiable {
  /// A convolution by the same weight, which stops where the spreading windows stopped.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (x, weight) = (try builder.input(0), try builder.input(1))
    var flow = try builder.flow(0)
    let (shape, kernel) = (try builder.shape(x), Array(try builder.shape(weight).dropFirst(2)))
    var gradients: [ValueID?] = [nil, nil, nil]
    if builder.wants(2) {
      gradients[2] = try builder.summed(flow, over: [0] + Array(2..<shape.rank))
    }
    let axes = try window(input: Array(shape.dropFirst(2)), kernel: kernel)
    let begins = axes.map(\.begin)
    let ends = zip(axes, outputPadding).map { $0.end - $1 }
    // What no window reaches is cut off
    let cuts = [0, 0] + begins.map { min($0, 0) } + [0, 0] + ends.map { min($0, 0) }
    if cuts.contains(where: { $0 < 0 }) {
      flow = try builder.add(Pad(), [flow, builder.integers(cuts)])
    }
    let padding = Padding.explicit(begin: begins.map { max($0, 0) }, end: ends.map { max($0, 0) })
    if builder.wants(0) {
      gradients[0] = try builder.add(
        Conv(strides: strides, padding: padding, dilations: dilations, groups: groups),
        [flow, weight])
    }
    if builder.wants(1) {
      gradients[1] = try builder.add(
        ConvWeightGradient(
          kernel: kernel, strides: strides, padding: padding, dilations: dilations,
          groups: groups), [flow, x])
    }
    return gradients
  }
}
