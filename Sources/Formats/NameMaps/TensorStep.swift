import BinaryIO
import Tensors

/// A reversible change of one tensor on its way between two sets of names.
public enum TensorStep: Sendable, Hashable {
  /// Axis `i` of the result is axis `order[i]` of the source.
  case permute([Int])
  /// Another shape: 0 keeps the extent at that place, -1 takes what is left. `from` is what undoes it.
  case reshape(from: [Int], to: [Int])
  /// In each of `heads` equal groups of rows, those of even places become its first half and those of odd places its second:
  /// what rotary embedding turns in neighbouring pairs, it then turns in halves.
  case rotaryHalves(heads: Int)
  /// What undoes `rotaryHalves`: each group's two halves are dealt out in turn.
  case rotaryPairs(heads: Int)
  /// The number is added to every element, in float32 at the least.
  case plus(Double)
  /// So many rows of zeros are put before the others.
  case leadingRows(Int)
  /// What undoes `leadingRows`: so many first rows are left out.
  case withoutLeadingRows(Int)

  /// What undoes it.
  public var inverted: TensorStep {
    switch self {
    case .permute(let order):
      .permute(order.indices.map { axis in order.firstIndex(of: axis) ?? axis })
    case .reshape(let from, let to): .reshape(from: to, to: from)
    case .rotaryHalves(let heads): .rotaryPairs(heads: heads)
    case .rotaryPairs(let heads): .rotaryHalves(heads: heads)
    case .plus(let number): .plus(-number)
    case .leadingRows(let count): .withoutLeadingRows(count)
    case .withoutLeadingRows(let count): .leadingRows(count)
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
    case .rotaryHalves(let heads), .rotaryPairs(let heads):
      guard shape.rank >= 1, heads > 0, shape[0] % (2 * heads) == 0 else {
        throw DataError(
          .mismatch, "shape \(shape), whose rows do not fall into two halves for \(heads) heads")
      }
      return shape
    case .plus: return shape
    case .leadingRows(let count), .withoutLeadingRows(let count):
      let isMore = self == .leadingRows(count)
      guard shape.rank >= 1, (0...1 << 20).contains(count), isMore || shape[0] >= count else {
        throw DataError(.mismatch, "shape \(shape), which has no \(count) first rows")
      }
      var extents = shape.dimensions
      extents[0] += isMore ? count : -count
      return try Shape(checking: extents)
    }
  }

  /// The type that elements of `type` become.
  func applied(to type: DataType) -> DataType {
    if case .plus = self { type == .float64 ? .float64 : .float32 } else { type }
  }

  func applied(to tensor: Tensor) throws -> Tensor {
    switch self {
    case .permute(let order):
      _ = try applied(to: tensor.shape)
      return tensor.permuted(order)
    case .reshape: return tensor.reshaped(try applied(to: tensor.shape))
    case .rotaryHalves(let heads):
      _ = try applied(to: tensor.shape)
      return try tensor.rowsExchanged(heads: heads, from: [tensor.shape[0] / heads / 2, 2])
    case .rotaryPairs(let heads):
      _ = try applied(to: tensor.shape)
      return try tensor.rowsExchanged(heads: heads, from: [2, tensor.shape[0] / heads / 2])
    case .plus(let number):
      let wide = tensor.dataType.isBlockQuantised ? tensor.cast(to: .float32) : tensor
      return Tensor(shape: tensor.shape, wide.doubles.map { $0 + number })
        .cast(to: applied(to: tensor.dataType))
    case .leadingRows(let count):
      let shape = try applied(to: tensor.shape)
      let own = tensor.contiguousBytes
      let size = tensor.shape[0] > 0 ? own.count / tensor.shape[0] : 0
      let rows = [UInt8](repeating: 0, count: size * count)
      return try Tensor(
        viewing: TensorStorage(Bytes(rows + own.array)), dataType: tensor.dataType, shape: shape)
    case .withoutLeadingRows(let count):
      let shape = try applied(to: tensor.shape)
      let own = tensor.contiguousBytes
      let skipped = tensor.shape[0] > 0 ? own.count / tensor.shape[0] * count : 0
      return try Tensor(
        viewing: TensorStorage(Bytes(own[skipped..<own.count].array)), dataType: tensor.dataType,
        shape: shape)
    }
  }

  /// Whether blocks of a quantised tensor stay whole: the rows do.
  func keepsBlocks(_ type: DataType, of shape: Shape) throws -> Bool {
    guard type.isBlockQuantised else { return true }
    switch self {
    case .permute(let order): return order.last == shape.rank - 1
    case .reshape: return type.fits(try applied(to: shape))
    case .rotaryHalves, .rotaryPairs, .leadingRows, .withoutLeadingRows: return shape.rank > 1
    case .plus: return false
    }
  }

  /// How a certificate calls it.
  var action: TensorAction {
    switch self {
    case .permute, .rotaryHalves, .rotaryPairs: .permuted
    case .reshape: .reshaped
    case .plus: .folded
    case .leadingRows: .concatenated
    case .withoutLeadingRows: .split
    }
  }
}

extension Tensor {
  /// The rows of each head as a table of `extents`, transposed; whole rows of bytes are moved, whatever their elements are.
  fileprivate func rowsExchanged(heads: Int, from extents: [Int]) throws -> Tensor {
    guard elementCount > 0 else { return self }
    let bytes = contiguousBytes
    let table = try Tensor(
      viewing: TensorStorage(bytes), dataType: .uint8,
      shape: Shape(checking: [heads] + extents + [bytes.count / shape[0]]))
    let moved = table.permuted([0, 2, 1, 3]).contiguousBytes
    return try Tensor(viewing: TensorStorage(moved), dataType: dataType, shape: shape)
  }
}
