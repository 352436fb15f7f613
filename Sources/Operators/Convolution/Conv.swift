import BinaryIO
import ModelGraph
import Tensors

/// Convolution: each output is a weighted sum over a window of the input.
///
/// - Shapes: x `[N, C, …]`, weight `[M, C / groups, kernel…]`, bias `[M]` (optional); gives `[N, M, …]`.
/// - Source: ONNX Conv-22.
public struct Conv: ProvisionalOperator {
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
}
