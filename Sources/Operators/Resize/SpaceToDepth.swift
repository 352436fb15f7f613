import BinaryIO
import ModelGraph
import Tensors

/// Blocks of space gathered into channels.
///
/// - Shapes: `[N, C, H, W]` gives `[N, C·b², H / b, W / b]`.
/// - Source: ONNX SpaceToDepth-13.
public struct SpaceToDepth: Operator {
  public static let name = "SpaceToDepth"
  public var blockSize: Int
  /// How the channels are ordered, as in `DepthToSpace`, which this undoes.
  public var mode: DepthToSpace.Mode

  public init(blockSize: Int, mode: DepthToSpace.Mode = .depthColumnRow) {
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
    let spatial: [Dimension] = try x[2...].map { dimension in
      guard let extent = dimension.value else { return .unknown }
      guard extent % blockSize == 0 else {
        throw DataError(.mismatch, "an axis of \(extent) in blocks of \(blockSize)")
      }
      return .fixed(extent / blockSize)
    }
    let channels = try product([x[1], .fixed(blockSize * blockSize)])
    return [TensorType(inputs[0].dataType, [x[0], channels] + spatial)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let (n, c, h, w, b) = (shape[0], x.shape[1], shape[2], shape[3], blockSize)
    let blocks = x.reshaped([n, c, h, b, w, b])
    let gathered = blocks.permuted(
      mode == .depthColumnRow ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4])
    return [gathered.reshaped(shape)]
  }
}

extension SpaceToDepth: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    [try builder.add(DepthToSpace(blockSize: blockSize, mode: mode), [builder.flow(0)])]
  }
}
