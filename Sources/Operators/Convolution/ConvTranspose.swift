import BinaryIO
import ModelGraph
import Tensors

/// Transposed convolution: each input spreads over a window of the output.
///
/// - Shapes: x `[N, C, …]`, weight `[C, M / groups, kernel…]`, bias `[M]` (optional); gives `[N, M, …]`.
/// - Source: ONNX ConvTranspose-22.
public struct ConvTranspose: ProvisionalOperator {
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
}
