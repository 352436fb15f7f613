import ModelGraph

/// True where just one is.
///
/// - Source: ONNX Xor-7.
public struct Xor: BooleanBinary {
  public static let name = "Xor"

  public init() {}

  public func apply(_ a: Bool, _ b: Bool) -> Bool { a != b }
}
