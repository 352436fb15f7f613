import BinaryIO
import ModelGraph
import Tensors

/// What is known of queries, keys or values: `[batch, heads, sequence, size]`, whichever form they come in.
struct HeadLayout {
  var batch: Dimension
  var heads: Dimension
  var sequence: Dimension
  var size: Dimension

  /// - Parameters:
  ///   - dimensions: `[batch, sequence, heads · size]`, or `[batch, heads, sequence, size]`.
  ///   - heads: how many heads share the last axis; of no account for four axes.
  /// - Throws: `.mismatch` when the last axis is not a multiple of the heads.
  init(_ dimensions: [Dimension], heads: Int?, _ what: String) throws {
    batch = dimensions[0]
    if dimensions.count == 4 {
      (self.heads, sequence, size) = (dimensions[1], dimensions[2], dimensions[3])
      return
    }
    guard let heads, heads > 0 else {
      throw DataError(
        .mismatch, "\(what) of the shape \(text(dimensions))", expected: "a number of heads")
    }
    self.heads = .fixed(heads)
    sequence = dimensions[1]
    size = dimensions[2].value.map { .fixed($0 / heads) } ?? .unknown
    if let width = dimensions[2].value, width % heads != 0 {
      throw DataError(.mismatch, "\(heads) heads of \(width) features in \(what)")
    }
  }
}

extension Tensor {
  /// `[batch, sequence, heads · size]` seen as `[batch, heads, sequence, size]`; four axes stay.
  func separated(heads: Int?) -> Tensor {
    guard rank == 3, let heads else { return self }
    return reshaped([shape[0], shape[1], heads, shape[2] / heads]).permuted([0, 2, 1, 3])
  }

  /// `[batch, heads, sequence, size]` as `[batch, sequence, heads · size]`.
  var joiningHeads: Tensor {
    permuted([0, 2, 1, 3]).reshaped([shape[0], shape[2], shape[1] * shape[3]])
  }
}

/// Checks that several heads of queries can share one of keys and values.
func checkSharing(queryHeads: Dimension, keyValueHeads: Dimension) throws {
  guard let queries = queryHeads.value, let keys = keyValueHeads.value else { return }
  guard keys > 0, queries % keys == 0 else {
    throw DataError(
      .mismatch, "\(queries) heads of queries for \(keys) of keys", expected: "a multiple")
  }
}

/// What must be equal, or the error that says so.
func agreed(_ a: Dimension, _ b: Dimension, _ what: String) throws -> Dimension {
  guard let common = unified(a, b) else {
    throw DataError(.mismatch, "\(what) of \(a) and \(b)", expected: "the same")
  }
  return common
}
