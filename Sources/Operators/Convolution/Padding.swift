import BinaryIO
import ModelGraph
import Tensors

/// What surrounds the input of a window.
public enum Padding: Sendable, Hashable {
  /// So many elements before and after each spatial axis.
  case explicit(begin: [Int], end: [Int])
  /// As many as make the output `⌈extent / stride⌉`; an odd one goes to the end.
  case sameUpper
  /// As many as make the output `⌈extent / stride⌉`; an odd one goes to the beginning.
  case sameLower

  /// Nothing, in two dimensions.
  public static let none = Padding.explicit(begin: [0, 0], end: [0, 0])

  /// The same on all four sides of a picture.
  public static func all(_ amount: Int) -> Padding { symmetric([amount, amount]) }

  /// The same before and after each axis.
  public static func symmetric(_ amounts: [Int]) -> Padding {
    .explicit(begin: amounts, end: amounts)
  }
}
