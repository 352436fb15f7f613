import CKernels

/// Weights as a file lays them out: `[outputs, inputs, kernelHeight, kernelWidth]` under any
/// strides.
///
/// `inputs` is a group's for a grouped convolution. For a matrix the kernel is 1 by 1.
public struct Weight: Sendable {
  public var values: FloatView
  public var outputs: Int
  public var inputs: Int
  public var kernelHeight: Int
  public var kernelWidth: Int

  /// Floats from one output, input, kernel row, kernel column to the next; not negative.
  public var strides: (output: Int, input: Int, row: Int, column: Int)

  /// Whether the window is read from its last row and column to its first.
  public var isFlipped = false

  /// Each output's weights are multiplied by it as they are packed: a folded BatchNorm.
  public var scale: FloatView?

  public init(
    _ values: FloatView, outputs: Int, inputs: Int, kernelHeight: Int, kernelWidth: Int,
    strides: (output: Int, input: Int, row: Int, column: Int), scale: FloatView? = nil
  ) {
    self.values = values
    self.outputs = outputs
    self.inputs = inputs
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strides = strides
    self.scale = scale
  }

  /// What a convolution by these weights, with step 1, has for its transposed one: inputs and outputs exchanged, the
  /// window flipped.
  public var transposed: Weight {
    var other = self
    (other.outputs, other.inputs) = (inputs, outputs)
    (other.strides.output, other.strides.input) = (strides.input, strides.output)
    other.isFlipped.toggle()
    return other
  }

  /// PyTorch's and ONNX's convolution: `[outputs, inputs, kernelHeight, kernelWidth]`.
  public static func oihw(
    _ values: FloatView, for geometry: ConvolutionGeometry, scale: FloatView? = nil
  ) -> Weight {
    let inputs = geometry.inputChannelsPerGroup
    return Weight(
      values, outputs: geometry.outputChannels, inputs: inputs,
      kernelHeight: geometry.kernelHeight, kernelWidth: geometry.kernelWidth,
      strides: (inputs * geometry.kernelCount, geometry.kernelCount, geometry.kernelWidth, 1),
      scale: scale)
  }

  /// Keras's and TensorFlow's convolution: `[kernelHeight, kernelWidth, inputs, outputs]`.
  public static func hwio(
    _ values: FloatView, for geometry: ConvolutionGeometry, scale: FloatView? = nil
  ) -> Weight {
    let inputs = geometry.inputChannelsPerGroup
    let outputs = geometry.outputChannels
    return Weight(
      values, outputs: outputs, inputs: inputs, kernelHeight: geometry.kernelHeight,
      kernelWidth: geometry.kernelWidth,
      strides: (1, outputs, geometry.kernelWidth * inputs * outputs, inputs * outputs),
      scale: scale)
  }

  /// A linear layer's `[outputs, inputs]`.
  public static func linear(
    _ values: FloatView, outputs: Int, inputs: Int, scale: FloatView? = nil
  ) -> Weight {
    Weight(
      values, outputs: outputs, inputs: inputs, kernelHeight: 1, kernelWidth: 1,
      strides: (inputs, 1, 0, 0), scale: scale)
  }

  /// The right-hand matrix of a product: `[inputs, outputs]`.
  public static func matrix(
    _ values: FloatView, inputs: Int, outputs: Int, scale: FloatView? = nil
  ) -> Weight {
    Weight(
      values, outputs: outputs, inputs: inputs, kernelHeight: 1, kernelWidth: 1,
      strides: (1, outputs, 0, 0), scale: scale)
  }

  /// The C structure, after checking that every weight lies within `values`.
  func checked() -> mng_weight_f32 {
    precondition(
      outputs >= 0 && inputs >= 0 && kernelHeight > 0 && kernelWidth > 0 && strides.output >= 0
        && strides.input >= 0 && strides.row >= 0 && strides.column >= 0)
    var extent = 0
    if outputs > 0 && inputs > 0 {
      extent =
        (outputs - 1) * strides.output + (inputs - 1) * strides.input
        + (kernelHeight - 1) * strides.row + (kernelWidth - 1) * strides.column + 1
    }
    let last = (kernelHeight - 1) * strides.row + (kernelWidth - 1) * strides.column
    let sign = isFlipped ? -1 : 1
    return unsafe mng_weight_f32(
      values: values.reading(extent, "weight") + (isFlipped && extent > 0 ? last : 0),
      outputs: outputs, inputs: inputs,
      kernel_height: kernelHeight, kernel_width: kernelWidth, output_stride: strides.output,
      input_stride: strides.input, row_stride: sign * strides.row,
      column_stride: sign * strides.column,
      scale: scale?.reading(outputs, "scale"))
  }
}
