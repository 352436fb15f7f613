import BinaryIO
import Tensors

/// A named tensor of a checkpoint: its type and shape are known, its elements come when they are asked for.
public struct TensorEntry: Sendable {
  public var name: String
  public let dataType: DataType
  public let shape: Shape
  private let source: Source

  private enum Source: Sendable {
    case ready(Tensor)
    case deferred(@Sendable () throws -> Tensor)
  }

  /// A tensor that is there already, or mapped (then its pages come when they are touched).
  public init(name: String, _ tensor: Tensor) {
    self.name = name
    dataType = tensor.dataType
    shape = tensor.shape
    source = .ready(tensor)
  }

  /// A tensor that must be computed or unpacked first.
  public init(
    name: String, dataType: DataType, shape: Shape, load: @escaping @Sendable () throws -> Tensor
  ) {
    self.name = name
    self.dataType = dataType
    self.shape = shape
    source = .deferred(load)
  }

  /// The elements. A deferred tensor is unpacked anew by each call, so that no more than one need be held.
  /// - Throws: what reading the file throws, with the tensor's name.
  public func load() throws -> Tensor {
    switch source {
    case .ready(let tensor): tensor
    case .deferred(let load): try naming("tensor '\(name)'", load)
    }
  }

  /// The memory it views, or nil for a deferred tensor. Equal identities are tied tensors.
  public var identity: TensorIdentity? {
    if case .ready(let tensor) = source { tensor.identity } else { nil }
  }

  /// Bytes of the elements when they lie densely.
  public var byteCount: Int { dataType.byteCount(of: shape.elementCount) }

  /// The same tensor under another name.
  public func renamed(_ name: String) -> TensorEntry {
    var entry = self
    entry.name = name
    return entry
  }

  /// As many zeros, made when they are asked for. What is no real number stays.
  public var zeros: TensorEntry {
    guard dataType.isReal else { return self }
    let shape = shape
    return TensorEntry(name: name, dataType: .float32, shape: shape) {
      Tensor(shape: shape, [Float](repeating: 0, count: shape.elementCount))
    }
  }

  /// The tensor changed by `change` when it is asked for (at once, if it is there already: views cost nothing).
  public func mapped(
    dataType: DataType? = nil, shape: Shape, _ change: @escaping @Sendable (Tensor) throws -> Tensor
  ) rethrows -> TensorEntry {
    let whole = self
    return TensorEntry(name: name, dataType: dataType ?? self.dataType, shape: shape) {
      try change(try whole.load())
    }
  }
}
