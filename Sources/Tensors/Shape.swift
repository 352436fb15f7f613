import BinaryIO

/// The extents of a tensor, outermost axis first. A scalar has none.
public struct Shape: Sendable, Hashable {
  /// The most axes that we accept from a file.
  public static let maximumRank = 64

  public let dimensions: [Int]
  /// The product of the dimensions; 1 for a scalar.
  public let elementCount: Int

  /// A shape that the program made up itself; traps on negative or overflowing extents.
  public init(_ dimensions: [Int]) {
    guard let shape = try? Shape(checking: dimensions) else {
      preconditionFailure("\(dimensions) is no shape")
    }
    self = shape
  }

  /// A shape that came from a file.
  /// - Throws: `.malformed` for a negative extent, `.limitExceeded` for too many axes or elements.
  public init(checking dimensions: [Int]) throws {
    guard dimensions.count <= Shape.maximumRank else {
      throw DataError(
        .limitExceeded, "\(dimensions.count) axes", expected: "at most \(Shape.maximumRank)")
    }
    var count = 1
    for extent in dimensions {
      guard extent >= 0 else {
        throw DataError(.malformed, "the shape \(dimensions) has a negative extent")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: Swift.max(extent, 1))
      guard !overflow, product <= 1 << 48 else {
        throw DataError(.limitExceeded, "the shape \(dimensions) has too many elements")
      }
      count = product
    }
    self.dimensions = dimensions
    elementCount = dimensions.contains(0) ? 0 : count
  }

  public var rank: Int { dimensions.count }
  public var isScalar: Bool { dimensions.isEmpty }

  /// Steps between neighbours along each axis, in elements, when the last axis is dense.
  public var contiguousStrides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * Swift.max(dimensions[axis + 1], 1)
    }
    return strides
  }

  /// The shape that both stretch to under NumPy's broadcasting, or nil when they do not agree.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = Swift.max(rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for i in 0..<rank {
      let a = i < self.rank ? dimensions[self.rank - 1 - i] : 1
      let b = i < other.rank ? other.dimensions[other.rank - 1 - i] : 1
      guard a == b || a == 1 || b == 1 else { return nil }
      result[rank - 1 - i] = a == 1 ? b : a
    }
    return try? Shape(checking: result)
  }
}

extension Shape: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { dimensions.count }
  public subscript(axis: Int) -> Int { dimensions[axis] }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
  public init(arrayLiteral elements: Int...) { self.init(elements) }
  public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}
