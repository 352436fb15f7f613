import CKernels

/// A transposed convolution: a matrix product spreads each input pixel over its window, and
/// overlaps are added up.
///
/// Geometries are those of the convolution that is transposed: its output is this one's input, its
/// input this one's result. So `geometry.channels` are the result's channels and
/// `geometry.outputChannels` the input's.
public struct TransposedConvolution: Sendable {
  public let inputChannels: Int
  public let resultChannels: Int
  public let kernelHeight: Int
  public let kernelWidth: Int
  public let groups: Int

  /// A group's: `[inputChannels / groups, kernelHeight * kernelWidth * resultChannels / groups]`.
  private let matrices: [PackedMatrix]

  /// - Parameters:
  ///   - weight: PyTorch's `[inputChannels, resultChannels / groups, kernelHeight, kernelWidth]`, where its first axis is
  ///     called `outputs` as that of the convolution that is transposed.
  ///   - memory: where to pack it, `packedCount` floats; new memory when nil.
  public init(
    _ weight: Weight, groups: Int = 1, instructionSet: InstructionSet = .current,
    memory: FloatView? = nil, pool: ThreadPool? = nil
  ) {
    precondition(groups > 0 && weight.outputs % groups == 0 && weight.scale == nil)
    inputChannels = weight.outputs
    resultChannels = weight.inputs * groups
    kernelHeight = weight.kernelHeight
    kernelWidth = weight.kernelWidth
    self.groups = groups
    let rows = weight.outputs / groups
    let columns = weight.kernelHeight * weight.kernelWidth * weight.inputs
    let size = PackedMatrix.packedCount(inputs: rows, outputs: columns, instructionSet)
    matrices = (0..<groups).map { group in
      let dense =
        memory.map { $0[(groups * size)..<(groups * size + rows * columns)] }
        ?? FloatView(zeros: rows * columns)
      runParallel(pool, count: rows) { range in
        let source = unsafe weight.checked()
        var target = unsafe dense.writing(dense.count) + range.lowerBound * columns
        for row in range {
          for h in 0..<weight.kernelHeight {
            for w in 0..<weight.kernelWidth {
              let start =
                (group * rows + row) * weight.strides.output + h * weight.strides.row
                + w * weight.strides.column
              for channel in 0..<weight.inputs {
                unsafe target.pointee = source.values[start + channel * weight.strides.input]
                unsafe target += 1
              }
            }
          }
        }
      }
      return PackedMatrix(
        .matrix(dense, inputs: rows, outputs: columns), instructionSet: instructionSet,
        memory: memory.map { $0[(group * size)..<((group + 1) * size)] }, pool: pool)
    }
  }

  /// Floats that the weights of such a convolution take when they are packed.
  public static func packedCount(
    _ geometry: ConvolutionGeometry, _ instructionSet: InstructionSet = .current
  ) -> Int {
    let rows = geometry.outputChannelsPerGroup
    let columns = geometry.kernelCount * geometry.inputChannelsPerGroup
    return geometry.groups
      * PackedMatrix.packedCount(inputs: rows, outputs: columns, instructionSet) + rows * columns
  }

  /// Floats of scratch that `convolve` wants.
  public func scratchCount(_ geometry: ConvolutionGeometry) -> Int {
    geometry.outputRows * geometry.kernelCount * resultChannels
  }

  /// `result = clamp(transposedConvolution(input) + bias)`.
  ///
  /// - Shapes: `input` is `[batch, outputHeight, outputWidth, outputChannels]` of the geometry,
  ///   `result` is `[batch, height, width, channels]`; `scratch` has `scratchCount` floats; none
  ///   overlap.
  public func convolve(
    _ input: FloatView, geometry: ConvolutionGeometry, into result: FloatView, scratch: FloatView,
    bias: FloatView? = nil, clamp: Clamp = .none, pool: ThreadPool? = nil
  ) {
    precondition(
      geometry.outputChannels == inputChannels && geometry.channels == resultChannels
        && geometry.kernelHeight == kernelHeight && geometry.kernelWidth == kernelWidth
        && geometry.groups == groups,
      "transposed weights [\(inputChannels), \(resultChannels) / \(groups), \(kernelHeight), "
        + "\(kernelWidth)] for \(geometry)")
    let rows = geometry.outputRows
    let spread = geometry.kernelCount * resultChannels
    for (group, matrix) in matrices.enumerated() {
      matrix.multiply(
        input, rows: rows, stride: inputChannels, offset: group * matrix.inputs, into: scratch,
        resultStride: spread, resultOffset: group * matrix.outputs, pool: pool)
    }
    let (lines, groups) = (geometry.batch * geometry.height, groups)
    runParallel(pool, count: lines, grain: lineGrain(lines, pool)) { range in
      var window = geometry.window
      unsafe mng_fold_f32(
        &window, groups, scratch.reading(rows * spread, "scratch"),
        bias?.reading(geometry.channels, "bias"), clamp.minimum, clamp.maximum,
        result.writing(geometry.inputCount), range.lowerBound, range.upperBound)
    }
  }
}
