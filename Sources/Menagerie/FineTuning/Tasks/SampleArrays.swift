import BinaryIO
import Converters
import Formats
import Tensors

/// Arrays in a file whose first axis counts samples.
struct SampleArrays: Sendable {
  private let path: String
  private var arrays: [String: Rows] = [:]
  /// How many samples there are.
  private(set) var count = 0

  /// An array as samples are taken from it: numbers as float32, whole numbers as int64.
  private struct Rows: Sendable {
    var shape: Shape
    var numbers: [Float] = []
    var integers: [Int] = []
    let isWhole: Bool
  }

  /// - Throws: `.mismatch` when the arrays do not count the same samples.
  init(_ path: String) throws {
    self.path = path
    var first: (name: String, count: Int)?
    for entry in try FormatRegistry.read(path).tensors {
      let tensor = try namingFile(path) { try entry.load() }
      guard let count = tensor.shape.first, count > 0 else {
        throw DataError(
          .mismatch, "is \(tensor.shape)", expected: "an axis of samples",
          subject: "array '\(entry.name)'", path: path)
      }
      if let first, first.count != count {
        throw DataError(
          .mismatch, "has \(count) samples", expected: "\(first.count) as '\(first.name)'",
          subject: "array '\(entry.name)'", path: path)
      }
      first = first ?? (entry.name, count)
      let isWhole = tensor.dataType.isInteger
      arrays[entry.name] = Rows(
        shape: tensor.shape, numbers: isWhole ? [] : tensor.floats,
        integers: isWhole ? tensor.integers : [], isWhole: isWhole)
    }
    guard let first else { throw DataError(.malformed, "holds no array", path: path) }
    count = first.count
  }

  var names: [String] { arrays.keys.sorted() }

  func has(_ name: String) -> Bool { arrays[name] != nil }

  mutating func rename(_ name: String, to other: String) {
    arrays[other] = arrays.removeValue(forKey: name)
  }

  /// The shape of all samples together.
  func shape(_ name: String) throws -> Shape { try rows(name).shape }

  /// Whole numbers of all samples.
  /// - Throws: `.mismatch` when they are none.
  func integers(_ name: String) throws -> [Int] {
    let rows = try rows(name)
    guard rows.isWhole else {
      throw DataError(
        .mismatch, "is of floating point", expected: "whole numbers", subject: "array '\(name)'",
        path: path)
    }
    return rows.integers
  }

  /// The samples of these numbers, one after the other.
  func batch(_ name: String, _ indices: [Int]) throws -> Tensor {
    let rows = try rows(name)
    let size = rows.shape.dropFirst().reduce(1, *)
    let shape = Shape([indices.count] + rows.shape.dropFirst())
    func taken<T>(_ values: [T]) -> [T] {
      indices.flatMap { values[($0 * size)..<(($0 + 1) * size)] }
    }
    return rows.isWhole
      ? Tensor(shape: shape, taken(rows.integers)) : Tensor(shape: shape, taken(rows.numbers))
  }

  private func rows(_ name: String) throws -> Rows {
    guard let rows = arrays[name] else {
      throw DataError(
        .mismatch, "has no array '\(name)'",
        expected: "one beside \(names.joined(separator: ", "))",
        path: path)
    }
    return rows
  }
}
