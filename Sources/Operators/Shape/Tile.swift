import BinaryIO
import ModelGraph
import Tensors

/// A tensor repeated along its axes.
///
/// Inputs: x, repeats (one an axis).
/// - Source: ONNX Tile-13.
public struct Tile: ProvisionalOperator {
  public static let name = "Tile"

  public init() {}
}
