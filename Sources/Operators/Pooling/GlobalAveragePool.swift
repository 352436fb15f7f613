import ModelGraph
import Tensors

/// The mean over all spatial axes.
///
/// - Shapes: x `[N, C, …]`; gives `[N, C, 1…]`.
/// - Source: ONNX GlobalAveragePool-22.
public struct GlobalAveragePool: GlobalPooling {
  public static let name = "GlobalAveragePool"

  public init() {}

  public func pool(_ plane: ArraySlice<Double>) -> Double {
    plane.reduce(0, +) / Double(plane.count)
  }
}

extension GlobalAveragePool: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let shape = try builder.shape(builder.input(0))
    let size = shape.dropFirst(2).reduce(1, *)
    let share = try builder.multiply(builder.flow(0), by: 1 / Double(max(size, 1)))
    return [try builder.expanded(share, to: shape)]
  }
}
