import Tensors

/// An extent that is known, or known by a name, or not at all.
public enum Dimension: Sendable, Hashable {
  case fixed(Int)
  /// The same name means the same extent throughout a graph: `batch`, `sequence`.
  case symbol(String)
  case unknown

  public var value: Int? { if case .fixed(let value) = self { value } else { nil } }
}

extension Dimension: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  public init(integerLiteral value: Int) { self = .fixed(value) }
  public init(stringLiteral value: String) { self = .symbol(value) }

  public var description: String {
    switch self {
    case .fixed(let value): String(value)
    case .symbol(let name): name
    case .unknown: "?"
    }
  }
}

/// What is known about a value before it is computed: its element type and shape, or parts of them.
public struct TensorType: Sendable, Hashable {
  public var dataType: DataType?
  /// Nil when not even the number of axes is known.
  public var dimensions: [Dimension]?

  public init(_ dataType: DataType? = nil, _ dimensions: [Dimension]? = nil) {
    self.dataType = dataType
    self.dimensions = dimensions
  }

  public init(_ dataType: DataType?, shape: Shape) {
    self.init(dataType, shape.map { .fixed($0) })
  }

  public static let unknown = TensorType()

  public var rank: Int? { dimensions?.count }

  /// The shape when every dimension is fixed.
  public var shape: Shape? {
    guard let dimensions else { return nil }
    let values = dimensions.compactMap(\.value)
    return values.count == dimensions.count ? try? Shape(checking: values) : nil
  }
}

extension TensorType: CustomStringConvertible {
  public var description: String {
    let shape = dimensions.map { "[" + $0.map(\.description).joined(separator: ", ") + "]" }
    return "\(dataType?.rawValue ?? "?") \(shape ?? "of unknown rank")"
  }
}
