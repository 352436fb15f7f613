import BinaryIO
import ModelGraph
import Tensors

/// An index counted from the beginning.
/// - Throws: `.mismatch` when it lies outside.
func resolve(index: Int, _ extent: Int) throws -> Int {
  guard index >= -extent, index < extent else {
    throw DataError(.mismatch, "the index \(index) on an axis of \(extent)")
  }
  return index < 0 ? index + extent : index
}

/// Checks that input `index` holds whole numbers.
func checkIndices(_ inputs: OperatorInputs, _ index: Int) throws {
  if let type = inputs[index].dataType, !type.isInteger {
    throw DataError(.mismatch, "the indices are of \(type)", expected: "whole numbers")
  }
}

/// Where each element of a tensor of `shape` lies, in row-major order, when axes have these
/// strides.
func places(_ shape: Shape, strides: [Int], offset: Int = 0) -> [Int] {
  var result = [offset]
  for (extent, stride) in zip(shape, strides) {
    result = result.flatMap { start in (0..<extent).map { start + $0 * stride } }
  }
  return result
}
