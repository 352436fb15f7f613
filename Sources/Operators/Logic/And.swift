import ModelGraph

/// True where both are.
///
/// - Source: ONNX And-7.
public struct And: BooleanBinary {
  public static let name = "And"

  public init() {}

  public func apply(_ a: Bool, _ b: Bool) -> Bool { a && b }
}
