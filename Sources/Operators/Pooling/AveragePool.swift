import BinaryIO
import ModelGraph
import Tensors

/// The mean of each window.
///
/// - Shapes: x `[N, C, …]`; gives `[N, C, …]`.
/// - Source: ONNX AveragePool-22.
public struct AveragePool: ProvisionalOperator {
  public static let name = "AveragePool"
  /// Extents of the window.
  public var kernel: [Int]
  /// Steps of the window along each spatial axis.
  public var strides: [Int]
  public var padding: Padding
  /// Distances between the window's elements along each spatial axis.
  public var dilations: [Int]
  /// Whether a window that is only partly filled at the end still counts.
  public var ceilMode: Bool
  /// Whether padding counts as elements that are zero.
  public var countIncludePad: Bool

  public init(
    kernel: [Int], strides: [Int] = [1, 1], padding: Padding = .none, dilations: [Int] = [1, 1],
    ceilMode: Bool = false, countIncludePad: Bool = false
  ) {
    self.kernel = kernel
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.ceilMode = ceilMode
    self.countIncludePad = countIncludePad
  }
}
