import BinaryIO
import ModelGraph
import Tensors

/// Blocks of channels spread over space.
///
/// - Shapes: `[N, C, H, W]` gives `[N, C / b², H·b, W·b]`.
/// - Source: ONNX DepthToSpace-13.
public struct DepthToSpace: ProvisionalOperator {
  public static let name = "DepthToSpace"
  public var blockSize: Int
  public var mode: Mode

  public init(blockSize: Int, mode: Mode = .depthColumnRow) {
    self.blockSize = blockSize
    self.mode = mode
  }

  /// Which part of the channels the block's place is.
  public enum Mode: String, Sendable {
    /// The outer part (`DCR`).
    case depthColumnRow = "DCR"
    /// The inner part (`CRD`), as in pixel shuffle.
    case columnRowDepth = "CRD"
  }
}
