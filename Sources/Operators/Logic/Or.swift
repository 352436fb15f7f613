import ModelGraph

/// True where one is.
///
/// - Source: ONNX Or-7.
public struct Or: BooleanBinary {
  public static let name = "Or"

  public init() {}

  public func apply(_ a: Bool, _ b: Bool) -> Bool { a || b }
}
