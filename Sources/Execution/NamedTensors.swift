import Tensors

/// Tensors in an order, each with its name: what a run gives.
public struct NamedTensors: Sendable, RandomAccessCollection {
  public typealias Element = (name: String, tensor: Tensor)

  private let elements: [Element]

  public init(_ elements: [Element]) { self.elements = elements }

  public var startIndex: Int { 0 }
  public var endIndex: Int { elements.count }
  public subscript(index: Int) -> Element { elements[index] }

  /// The first tensor of that name.
  public subscript(name: String) -> Tensor? { elements.first { $0.name == name }?.tensor }

  public var names: [String] { elements.map(\.name) }
}
