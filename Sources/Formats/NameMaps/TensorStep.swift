import BinaryIO
import Tensors

/// A reversible change of one tensor on its way between two sets of names.
public enum TensorStep: Sendable, Hashable {
  /// Axis `i` of the result is axis `order[i]` of the source.
  case permute([Int])
  /// Another shape: 0 keeps the extent at that place, -1 takes what is left. `from` is what undoes it.
  case reshape(from: [Int], to: [Int])

  /// What undoes it.
  public var inverted: TensorStep {
    switch self {
    case .permute(let order):
      .permute(order.indices.map { axis in order.firstIndex(of: axis) ?? axis })
    case .reshape(let from, let to): .reshape(from: to, to: from)
    }
  }

  /// The shape that `shape` becomes.
  /// - Throws: `.mismatch` when it does not fit the step.
  package func applied(to shape: Shape) throws -> Shape {
    switch self {
    case .permute(let order):
      guard order.sorted() == Array(0..<shape.rank) else {
        throw DataError(.mismatch, "shape \(shape), whose axes cannot be ordered as \(order)")
      }
      return Shape(order.map { shape[$0] })
    case .reshape(_, let to):
      var known = 1
      var target = to
      for (axis, extent) in to.enumerated() where extent >= 0 {
        if extent == 0 {
          guard axis < shape.rank else {
            throw DataError(.mismatch, "shape \(shape), which cannot be viewed as \(to)")
          }
          target[axis] = shape[axis]
        }
        known = known.multipliedReportingOverflow(by: target[axis]).partialValue
      }
      if let open = to.firstIndex(of: -1), known > 0 {
        target[open] = shape.elementCount / known
      }
      let result = try Shape(checking: target)
      guard result.elementCount == shape.elementCount else {
        throw DataError(.mismatch, "shape \(shape), which cannot be viewed as \(to)")
      }
      return result
    }
  }

  func applied(to tensor: Tensor) throws -> Tensor {
    switch self {
    case .permute(let order):
      _ = try applied(to: tensor.shape)
      return tensor.permuted(order)
    case .reshape: return tensor.reshaped(try applied(to: tensor.shape))
    }
  }

  /// How a certificate calls it.
  var action: TensorAction {
    switch self {
    case .permute: .permuted
    case .reshape: .reshaped
    }
  }
}
