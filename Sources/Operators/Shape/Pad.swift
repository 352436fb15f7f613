import BinaryIO
import ModelGraph
import Tensors

/// Elements added around a tensor (or cut off, where the number is negative).
///
/// Inputs: x, pads (begins, then ends), value (optional), axes (optional).
/// - Source: ONNX Pad-25.
public struct Pad: ProvisionalOperator {
  public static let name = "Pad"
  public var mode: Mode

  public init(mode: Mode = .constant) {
    self.mode = mode
  }

  /// What the new elements are.
  public enum Mode: String, Sendable {
    /// The value of the third input, or zero.
    case constant
    /// The tensor mirrored about its border element.
    case reflect
    /// The border element.
    case edge
    /// The tensor again, from its other end.
    case wrap
  }
}
