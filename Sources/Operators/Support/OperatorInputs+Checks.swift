import BinaryIO
import ModelGraph
import Tensors

/// What operators ask of their inputs, and the words when they do not get it.
extension OperatorInputs {
  /// Checks how many inputs there are; the first `counts.lowerBound` must be given.
  func expect(_ counts: ClosedRange<Int>) throws {
    guard counts.contains(count) else {
      let wanted =
        counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
      throw DataError(.mismatch, "\(count) inputs", expected: wanted)
    }
    for index in 0..<counts.lowerBound where types[index] == nil {
      throw DataError(.mismatch, "input \(index) is left out")
    }
  }

  /// The dimensions of input `index`, or nil while its rank is not known.
  func dimensions(
    _ index: Int, _ what: String, rank: ClosedRange<Int> = 0...Shape.maximumRank
  ) throws -> [Dimension]? {
    guard let dimensions = self[index].dimensions else { return nil }
    guard rank.contains(dimensions.count) else {
      let wanted =
        rank.count == 1
        ? "\(rank.lowerBound) axes"
        : rank.upperBound == Shape.maximumRank
          ? "at least \(rank.lowerBound) axes" : "\(rank.lowerBound) to \(rank.upperBound) axes"
      throw DataError(.mismatch, "\(what) has the shape \(text(dimensions))", expected: wanted)
    }
    return dimensions
  }

  /// The element type of input `index`, which must be floating point; nil while not known.
  @discardableResult
  func floatingPoint(_ index: Int, _ what: String = "the input") throws -> DataType? {
    guard let type = self[index].dataType else { return nil }
    guard type.isFloatingPoint else {
      throw DataError(.mismatch, "\(what) is of \(type)", expected: "floating point")
    }
    return type
  }

  /// The element type of input `index`, which must be a real number; nil while not known.
  @discardableResult
  func number(_ index: Int, _ what: String = "the input") throws -> DataType? {
    guard let type = self[index].dataType else { return nil }
    guard type.isFloatingPoint || type.isInteger else {
      throw DataError(.mismatch, "\(what) is of \(type)", expected: "numbers")
    }
    return type
  }

  /// The element type that all given inputs of `indices` share; nil while none is known.
  @discardableResult
  func sameType(_ indices: some Sequence<Int>) throws -> DataType? {
    var common: DataType?
    for index in indices {
      guard let type = self[index].dataType else { continue }
      if let common, common != type {
        throw DataError(.mismatch, "input \(index) is of \(type)", expected: common.rawValue)
      }
      common = type
    }
    return common
  }

  /// The whole numbers of input `index` where they are known beforehand: a vector or a scalar.
  func integers(_ index: Int, _ what: String) throws -> [Int]? {
    if let type = self[index].dataType, !type.isInteger {
      throw DataError(.mismatch, "\(what) are of \(type)", expected: "whole numbers")
    }
    if let rank = self[index].rank, rank > 1 {
      throw DataError(.mismatch, "\(what) have \(rank) axes", expected: "a vector")
    }
    guard let tensor = constants[index] else { return nil }
    guard tensor.dataType.isInteger, tensor.rank <= 1 else {
      throw DataError(.mismatch, "\(what) are a \(tensor.dataType) tensor of \(tensor.shape)")
    }
    guard tensor.elementCount <= 1 << 20 else {
      throw DataError(.limitExceeded, "\(what) are \(tensor.elementCount) numbers")
    }
    return tensor.integers
  }

  /// The single whole number of input `index` where it is known beforehand.
  func integer(_ index: Int, _ what: String) throws -> Int? {
    guard let numbers = try integers(index, what) else { return nil }
    guard numbers.count == 1 else {
      throw DataError(.mismatch, "\(what) are \(numbers.count) numbers", expected: "one")
    }
    return numbers[0]
  }
}

/// `[batch, 3, 224, 224]`.
func text(_ dimensions: [Dimension]) -> String {
  "[" + dimensions.map(\.description).joined(separator: ", ") + "]"
}

/// An axis counted from the beginning.
/// - Throws: `.mismatch` when there is no such axis.
func resolve(axis: Int, rank: Int) throws -> Int {
  guard axis >= -rank, axis < rank else {
    throw DataError(.mismatch, "there is no axis \(axis)", expected: "-\(rank) to \(rank - 1)")
  }
  return axis < 0 ? axis + rank : axis
}

/// Axes counted from the beginning.
/// - Throws: `.mismatch` when there is no such axis, or one is named twice.
func resolve(axes: [Int], rank: Int) throws -> [Int] {
  let resolved = try axes.map { try resolve(axis: $0, rank: rank) }
  guard Set(resolved).count == resolved.count else {
    throw DataError(.mismatch, "the axes \(axes) name one twice")
  }
  return resolved
}
