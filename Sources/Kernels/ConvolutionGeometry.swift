import CKernels

/// Extents of a convolution or pooling over channels-last images: `[batch, height, width,
/// channels]` in, `[batch, outputHeight, outputWidth, outputChannels]` out.
public struct ConvolutionGeometry: Sendable, Hashable {
  public var batch: Int
  public var height: Int
  public var width: Int
  public var channels: Int
  public var outputHeight: Int
  public var outputWidth: Int
  public var outputChannels: Int
  public var kernelHeight: Int
  public var kernelWidth: Int
  public var strideHeight: Int
  public var strideWidth: Int
  public var dilationHeight: Int
  public var dilationWidth: Int
  public var padTop: Int
  public var padLeft: Int
  public var padBottom: Int
  public var padRight: Int
  public var groups: Int

  /// Pairs are (height, width). Without `output`, the extent is rounded down as ONNX and PyTorch
  /// do; a given one may be larger (ceil mode): windows may hang over the end.
  public init(
    batch: Int = 1, input: (height: Int, width: Int, channels: Int), outputChannels: Int,
    kernel: (Int, Int), strides: (Int, Int) = (1, 1), dilations: (Int, Int) = (1, 1),
    padsBegin: (Int, Int) = (0, 0), padsEnd: (Int, Int) = (0, 0), groups: Int = 1,
    output: (height: Int, width: Int)? = nil
  ) {
    self.batch = batch
    height = input.height
    width = input.width
    channels = input.channels
    self.outputChannels = outputChannels
    (kernelHeight, kernelWidth) = kernel
    (strideHeight, strideWidth) = strides
    (dilationHeight, dilationWidth) = dilations
    (padTop, padLeft) = padsBegin
    (padBottom, padRight) = padsEnd
    self.groups = groups
    let small = 1..<(1 << 24)
    precondition(
      batch >= 0 && height >= 0 && width >= 0 && small.contains(kernel.0)
        && small.contains(kernel.1) && small.contains(strides.0) && small.contains(strides.1)
        && small.contains(dilations.0) && small.contains(dilations.1) && padTop >= 0
        && padLeft >= 0 && padBottom >= 0 && padRight >= 0 && groups > 0 && channels > 0
        && outputChannels > 0 && channels % groups == 0 && outputChannels % groups == 0,
      "a convolution of \(input) by \(kernel), strides \(strides), dilations \(dilations), "
        + "\(groups) groups, \(outputChannels) outputs")
    outputHeight = output?.height ?? 0
    outputWidth = output?.width ?? 0
    if output == nil {
      let spanHeight = (kernelHeight - 1) * dilationHeight + 1
      let spanWidth = (kernelWidth - 1) * dilationWidth + 1
      outputHeight = max(
        0, (height + padTop + padBottom - spanHeight + strideHeight) / strideHeight)
      outputWidth = max(0, (width + padLeft + padRight - spanWidth + strideWidth) / strideWidth)
    }
    precondition(outputHeight >= 0 && outputWidth >= 0)
  }

  /// Pixels of the output, over the whole batch: the rows of the equivalent matrix product.
  public var outputRows: Int { batch * outputHeight * outputWidth }

  public var inputCount: Int { batch * height * width * channels }
  public var outputCount: Int { outputRows * outputChannels }
  public var kernelCount: Int { kernelHeight * kernelWidth }
  public var inputChannelsPerGroup: Int { channels / groups }
  public var outputChannelsPerGroup: Int { outputChannels / groups }

  /// Each output channel sees one input channel.
  public var isDepthwise: Bool { groups == channels }

  /// A matrix product over the pixels as they lie.
  public var isPointwise: Bool {
    kernelHeight == 1 && kernelWidth == 1 && strideHeight == 1 && strideWidth == 1 && groups == 1
      && padTop == 0 && padLeft == 0 && outputHeight == height && outputWidth == width
  }

  /// The convolution with step 1 that gives this one's transposed: from its result to its input; nil where that needs
  /// other steps.
  public var transposed: ConvolutionGeometry? {
    let reach = ((kernelHeight - 1) * dilationHeight, (kernelWidth - 1) * dilationWidth)
    guard strideHeight == 1, strideWidth == 1, groups == 1, padTop <= reach.0,
      padLeft <= reach.1, height - outputHeight + padTop >= 0, width - outputWidth + padLeft >= 0
    else { return nil }
    return ConvolutionGeometry(
      batch: batch, input: (outputHeight, outputWidth, outputChannels), outputChannels: channels,
      kernel: (kernelHeight, kernelWidth), dilations: (dilationHeight, dilationWidth),
      padsBegin: (reach.0 - padTop, reach.1 - padLeft),
      padsEnd: (height - outputHeight + padTop, width - outputWidth + padLeft),
      output: (height, width))
  }

  /// Multiplications and additions.
  public var operations: Int { 2 * outputCount * inputChannelsPerGroup * kernelCount }

  var window: mng_window {
    mng_window(
      batch: batch, height: height, width: width, channels: channels, out_height: outputHeight,
      out_width: outputWidth, out_channels: outputChannels, kernel_height: kernelHeight,
      kernel_width: kernelWidth, stride_height: strideHeight, stride_width: strideWidth,
      dilation_height: dilationHeight, dilation_width: dilationWidth, pad_top: padTop,
      pad_left: padLeft)
  }
}
