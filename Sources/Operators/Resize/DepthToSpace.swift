import BinaryIO
import ModelGraph
import Tensors

/// Blocks of channels spread over space.
///
/// - Shapes: `[N, C, H, W]` gives `[N, C / b², H·b, W·b]`.
/// - Source: ONNX DepthToSpace-13.
public struct DepthToSpace: Operator {
  public static let name = "DepthToSpace"
  public var blockSize: Int
  public var mode: Mode

  public init(blockSize: Int, mode: Mode = .depthColumnRow) {
    self.blockSize = blockSize
    self.mode = mode
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    guard (1...(1 << 16)).contains(blockSize) else {
      throw DataError(.mismatch, "blocks of \(blockSize)")
    }
    let x = try inputs.dimensions(0, "the input", rank: 4...4)
    guard let x else { return [TensorType(inputs[0].dataType)] }
    let block = blockSize * blockSize
    if let channels = x[1].value, channels % block != 0 {
      throw DataError(.mismatch, "\(channels) channels in blocks of \(block)")
    }
    let channels = x[1].value.map { Dimension.fixed($0 / block) } ?? .unknown
    return [
      TensorType(
        inputs[0].dataType,
        [x[0], channels] + (try x[2...].map { try product([$0, .fixed(blockSize)]) }))
    ]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let (n, c, h, w, b) = (shape[0], shape[1], x.shape[2], x.shape[3], blockSize)
    let spread =
      switch mode {
      case .depthColumnRow: x.reshaped([n, b, b, c, h, w]).permuted([0, 3, 4, 1, 5, 2])
      case .columnRowDepth: x.reshaped([n, c, b, b, h, w]).permuted([0, 1, 4, 2, 5, 3])
      }
    return [spread.reshaped(shape)]
  }

  /// Which part of the channels the block's place is.
  public enum Mode: String, Sendable {
    /// The outer part (`DCR`).
    case depthColumnRow = "DCR"
    /// The inner part (`CRD`), as in pixel shuffle.
    case columnRowDepth = "CRD"
  }
}

extension DepthToSpace: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    [try builder.add(SpaceToDepth(blockSize: blockSize, mode: mode), [builder.flow(0)])]
  }
}
