import BinaryIO
import ModelGraph
import Tensors

/// A mask's numbers, by place.
struct AttentionMask {
  private let values: [Double]
  private let extents: [Int]

  init(_ mask: Tensor) {
    extents = [Int](repeating: 1, count: 4 - mask.rank) + mask.shape.dimensions
    values =
      mask.dataType == .bool
      ? mask.doubles.map { $0 != 0 ? 0 : -.infinity } : mask.doubles
  }

  /// What is added to the score of (batch, head, query, key): -∞ where the key takes no part.
  func bias(_ b: Int, _ h: Int, _ i: Int, _ j: Int) -> Double {
    var place = 0
    for (index, extent) in zip([b, h, i, j], extents) {
      guard extent == 1 || index < extent else { return -.infinity }
      place = place * extent + (extent == 1 ? 0 : index)
    }
    return values[place]
  }
}

extension Operator {
  /// Checks input `index`, a mask that may be left out: it may be shorter than the keys, and otherwise stretches to the scores.
  func checkMask(_ inputs: OperatorInputs, _ index: Int, _ scores: [Dimension]) throws {
    guard inputs.has(index) else { return }
    if let type = inputs[index].dataType, type != .bool, !type.isFloatingPoint {
      throw DataError(.mismatch, "the mask is of \(type)", expected: "bool or floating point")
    }
    guard let mask = try inputs.dimensions(index, "the mask", rank: 1...4) else { return }
    let fits = zip(mask.reversed(), scores.reversed()).enumerated().allSatisfy { index, pair in
      if pair.0 == 1 || unified(pair.0, pair.1) != nil { return true }
      return index == 0 && (pair.0.value ?? 0) < (pair.1.value ?? 0)
    }
    guard fits else {
      throw DataError(
        .mismatch, "the mask \(text(mask)) does not stretch to the scores \(text(scores))")
    }
  }
}
