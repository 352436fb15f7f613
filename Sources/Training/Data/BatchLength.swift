/// To which lengths texts are filled up: a graph is compiled for each, so that there must not be many.
public enum BatchLength {
  /// The next of 8, 16, 24, 32, 48, 64, 96, 128, 160 …, but no more than `limit`.
  public static func of(_ longest: Int, limit: Int?) -> Int {
    let step =
      switch longest {
      case ...32: 8
      case ...64: 16
      case ...256: 32
      default: 64
      }
    let length = (longest + step - 1) / step * step
    return limit.map { max(longest, min(length, $0)) } ?? length
  }
}
