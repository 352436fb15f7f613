import BinaryIO
import ModelGraph
import Tensors

/// The greatest element of each window.
///
/// - Shapes: x `[N, C, …]`; gives the maxima `[N, C, …]` and where they were found, as indices into the flattened x.
/// - Source: ONNX MaxPool-22.
public struct MaxPool: ProvisionalOperator {
  public static let name = "MaxPool"
  /// Extents of the window.
  public var kernel: [Int]
  /// Steps of the window along each spatial axis.
  public var strides: [Int]
  public var padding: Padding
  /// Distances between the window's elements along each spatial axis.
  public var dilations: [Int]
  /// Whether a window that is only partly filled at the end still counts.
  public var ceilMode: Bool
  /// Whether the indices count along the first spatial axis first (`storage_order` 1).
  public var columnMajorIndices: Bool

  public init(
    kernel: [Int], strides: [Int] = [1, 1], padding: Padding = .none, dilations: [Int] = [1, 1],
    ceilMode: Bool = false, columnMajorIndices: Bool = false
  ) {
    self.kernel = kernel
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.ceilMode = ceilMode
    self.columnMajorIndices = columnMajorIndices
  }
}
