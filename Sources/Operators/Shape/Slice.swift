import BinaryIO
import ModelGraph
import Tensors

/// A part of a tensor.
///
/// Inputs: x, starts, ends, axes (optional), steps (optional). Bounds count from the end when negative and are clamped.
/// - Source: ONNX Slice-13.
public struct Slice: ProvisionalOperator {
  public static let name = "Slice"

  public init() {}
}
