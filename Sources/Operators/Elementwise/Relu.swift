import ModelGraph

/// x where positive, 0 elsewhere.
///
/// - Source: ONNX Relu-14.
public struct Relu: NumericUnary {
  public static let name = "Relu"

  public init() {}

  public func apply(_ x: Double) -> Double { x > 0 || x.isNaN ? x : 0 }

  public func apply<T: FixedWidthInteger>(_ x: T) -> T { max(x, 0) }
}

extension Relu: SlopedUnary {
  public var isOfResult: Bool { true }

  /// 0 where x is 0, as in PyTorch.
  public func slope(at y: Double) -> Double { y <= 0 ? 0 : 1 }
}
