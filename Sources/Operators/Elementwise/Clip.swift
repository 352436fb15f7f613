import BinaryIO
import ModelGraph
import Tensors

/// Numbers kept between bounds.
///
/// Inputs: x, minimum (optional), maximum (optional); scalars.
/// - Source: ONNX Clip-13.
public struct Clip: ProvisionalOperator {
  public static let name = "Clip"

  public init() {}
}
