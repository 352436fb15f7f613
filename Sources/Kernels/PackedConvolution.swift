import CKernels

/// A convolution's weights, packed once for the instruction set that will run it; any groups, no
/// transposition.
///
/// The weights fit every image size: the geometry of a run may differ in batch, extents, strides,
/// dilations and pads.
public struct PackedConvolution: Sendable {
  public let channels: Int
  public let outputChannels: Int
  public let kernelHeight: Int
  public let kernelWidth: Int
  public let groups: Int
  public let instructionSet: InstructionSet

  private let packing: mng_convolution_packing
  private let packed: FloatView
  private let zero: FloatView
  private let dense: DenseProduct?

  /// - Parameters:
  ///   - weight: `[outputChannels, channels / groups, kernelHeight, kernelWidth]`, as `Weight.oihw`
  ///     and `Weight.hwio` make it.
  ///   - usesOpenBLAS: whether large baseline products go by it, if the system has it.
  ///   - memory: where to pack it, `packedCount` floats; new memory when nil.
  public init(
    _ weight: Weight, groups: Int = 1, instructionSet: InstructionSet = .current,
    usesOpenBLAS: Bool = true, memory: FloatView? = nil, pool: ThreadPool? = nil
  ) {
    precondition(
      groups > 0 && weight.inputs > 0 && weight.outputs > 0 && weight.outputs % groups == 0,
      "\(weight.outputs) outputs of \(weight.inputs) inputs in \(groups) groups")
    channels = weight.inputs * groups
    outputChannels = weight.outputs
    kernelHeight = weight.kernelHeight
    kernelWidth = weight.kernelWidth
    self.groups = groups
    self.instructionSet = instructionSet
    let isa = instructionSet.isa
    var window = mng_window()
    window.channels = channels
    window.out_channels = outputChannels
    window.kernel_height = kernelHeight
    window.kernel_width = kernelWidth
    let packing = unsafe mng_convolution_f32_packing(isa, &window, groups)
    self.packing = packing
    if usesOpenBLAS, DenseProduct.serves(weight, groups: groups, instructionSet) {
      dense = DenseProduct(weight, groups: groups)
      packed = FloatView(zeros: 0)
      zero = packed
      return
    }
    dense = nil
    let packed = memory.map { $0[0..<packing.count] } ?? FloatView(unwritten: packing.count)
    self.packed = packed
    zero = FloatView(zeros: channels)
    if groups == 1 {
      runParallel(pool, count: packing.panels, grain: max(1, packing.panels / 16)) { range in
        var source = unsafe weight.checked()
        unsafe mng_gemm_f32_pack(
          isa, &source, packed.writing(packed.count), range.lowerBound, range.upperBound)
      }
    } else {
      runParallel(pool, count: packing.groups) { range in
        var (source, packing) = unsafe (weight.checked(), packing)
        unsafe mng_convolution_f32_pack(
          isa, &packing, &source, packed.writing(packed.count), range.lowerBound, range.upperBound)
      }
    }
  }

  /// Floats that the weights of a convolution take when they are packed.
  public static func packedCount(
    _ geometry: ConvolutionGeometry, _ instructionSet: InstructionSet = .current
  ) -> Int {
    var window = geometry.window
    return unsafe mng_convolution_f32_packing(instructionSet.isa, &window, geometry.groups).count
  }

  /// `result = epilogue(convolution(input))`.
  ///
  /// - Shapes: `input` is `[batch, height, width, channels]`, `result` and the residual
  ///   `[batch, outputHeight, outputWidth, outputChannels]`; input and result do not overlap.
  /// - Types: each result is one sum over (kernel row, kernel column, channel) in order.
  public func convolve(
    _ input: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    epilogue: Epilogue = .none, pool: ThreadPool? = nil
  ) {
    precondition(
      geometry.channels == channels && geometry.outputChannels == outputChannels
        && geometry.kernelHeight == kernelHeight && geometry.kernelWidth == kernelWidth
        && geometry.groups == groups,
      "weights [\(outputChannels), \(channels) / \(groups), \(kernelHeight), \(kernelWidth)] "
        + "for \(geometry)")
    if let dense {
      if geometry.isPointwise {
        dense.multiply(
          input, rows: geometry.outputRows, stride: channels, offset: 0, into: result,
          resultStride: outputChannels, resultOffset: 0, epilogue: epilogue, pool: pool)
      } else {
        dense.convolve(input, geometry: geometry, into: result, epilogue: epilogue, pool: pool)
      }
      return
    }
    let isa = instructionSet.isa
    let (rows, outputs, channels) = (geometry.outputRows, outputChannels, channels)
    let (packing, packed, zero) = (packing, packed, zero)
    let work = TileGrid(
      rows: rows, tile: mng_gemm_f32_tile_rows(isa), panels: packing.panels * packing.groups,
      threads: pool?.threads ?? 1)
    runParallel(pool, count: work.count) { range in
      var (window, packing) = (geometry.window, packing)
      var tail = unsafe epilogue.checked(rows: rows, columns: outputs)
      let x = unsafe input.reading(geometry.inputCount, "input")
      let weights = unsafe packed.reading(packed.count)
      let y = unsafe result.writing(geometry.outputCount)
      let isPointwise = geometry.isPointwise
      let bytes =
        isPointwise
        ? mng_gemm_f32_scratch(work.largestRows, channels)
        : unsafe mng_convolution_f32_scratch(&window, &packing)
      unsafe withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { scratch in
        for index in range {
          let (rows, panels) = work[index]
          if isPointwise {
            unsafe mng_gemm_f32(
              isa, x, channels, channels, weights, outputs, y, outputs, rows.lowerBound,
              rows.upperBound, panels.lowerBound, panels.upperBound, &tail, scratch.baseAddress)
            continue
          }
          unsafe mng_convolution_f32(
            isa, &window, &packing, x, weights, zero.reading(channels), y, outputs,
            rows.lowerBound, rows.upperBound, panels.lowerBound, panels.upperBound, &tail,
            scratch.baseAddress)
        }
      }
    }
  }
}
