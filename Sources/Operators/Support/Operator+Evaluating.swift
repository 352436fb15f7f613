import BinaryIO
import ModelGraph
import Tensors

/// More than this is not computed: it comes from a crafted file rather than from a model.
let maximumResultElements = 1 << 31

extension Operator {
  /// The shapes of the results for these very inputs: every check of `outputTypes` has passed then.
  /// - Throws: what `outputTypes` throws; `.limitExceeded` for results that nobody can hold.
  func resultShapes(for inputs: [Tensor?]) throws -> [Shape] {
    try outputTypes(for: OperatorInputs(evaluating: inputs)).map { type in
      guard let dimensions = type.dimensions else {
        throw DataError(.mismatch, "the result's shape does not follow from the inputs")
      }
      let extents = dimensions.compactMap(\.value)
      guard extents.count == dimensions.count else {
        throw DataError(.mismatch, "the result's shape \(text(dimensions)) is not known")
      }
      return try bounded(extents)
    }
  }

  /// The shape of the first result for these very inputs.
  func resultShape(for inputs: [Tensor?]) throws -> Shape {
    try resultShapes(for: inputs)[0]
  }
}

/// A shape that can be allocated.
func bounded(_ extents: [Int]) throws -> Shape {
  let shape = try Shape(checking: extents)
  guard shape.elementCount <= maximumResultElements else {
    throw DataError(
      .limitExceeded, "a result of the shape \(shape)",
      expected: "at most \(maximumResultElements) elements")
  }
  return shape
}

extension OperatorInputs {
  /// Everything about tensors that are there.
  public init(evaluating tensors: [Tensor?]) {
    var constants: [Int: Tensor] = [:]
    for case (let index, let tensor?) in tensors.enumerated() { constants[index] = tensor }
    self.init(
      types: tensors.map { $0.map { TensorType($0.dataType, shape: $0.shape) } },
      constants: constants)
  }
}

extension Array where Element == Tensor? {
  /// Input `index`, which must be given.
  func required(_ index: Int) throws -> Tensor {
    guard indices.contains(index), let tensor = self[index] else {
      throw DataError(.mismatch, "input \(index) is left out")
    }
    return tensor
  }

  /// Input `index`, or nil when it is left out.
  func optional(_ index: Int) -> Tensor? { indices.contains(index) ? self[index] : nil }
}
