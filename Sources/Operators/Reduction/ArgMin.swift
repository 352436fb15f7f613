import ModelGraph

/// The index of the smallest element along an axis.
///
/// - Source: ONNX ArgMin-13.
public struct ArgMin: ArgReduction {
  public static let name = "ArgMin"
  /// Counted from the end when negative.
  public var axis: Int
  /// Whether reduced axes stay, with extent 1.
  public var keepDimensions: Bool
  /// Whether the last of equal elements is taken.
  public var selectLastIndex: Bool

  public init(axis: Int = 0, keepDimensions: Bool = true, selectLastIndex: Bool = false) {
    self.axis = axis
    self.keepDimensions = keepDimensions
    self.selectLastIndex = selectLastIndex
  }

  public func isBetter<T: Comparable>(_ a: T, than b: T) -> Bool { a < b }
}
