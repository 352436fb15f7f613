import BinaryIO
import ModelGraph
import Tensors

/// Blocks of space gathered into channels.
///
/// - Shapes: `[N, C, H, W]` gives `[N, C·b², H / b, W / b]`.
/// - Source: ONNX SpaceToDepth-13.
public struct SpaceToDepth: ProvisionalOperator {
  public static let name = "SpaceToDepth"
  public var blockSize: Int

  public init(blockSize: Int) {
    self.blockSize = blockSize
  }
}
