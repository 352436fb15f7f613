import ModelGraph

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
