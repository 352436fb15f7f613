import BinaryIO
import ModelGraph
import Tensors

/// Indices as vectors that are `on` at the index and `off` elsewhere.
///
/// Inputs: indices, depth, values `[off, on]`.
/// - Source: ONNX OneHot-11.
public struct OneHot: Operator {
  public static let name = "OneHot"
  /// Where the new axis goes.
  public var axis: Int

  public init(axis: Int = -1) {
    self.axis = axis
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    let type = inputs[2].dataType
    let depth = try depth(inputs)
    if let values = inputs[2].shape, values != [2] {
      throw DataError(.mismatch, "values of the shape \(values)", expected: "[off, on]")
    }
    guard let indices = inputs[0].dimensions else { return [TensorType(type)] }
    let axis = try resolve(axis: axis, rank: indices.count + 1)
    let extent = depth.map { Dimension.fixed($0) } ?? .unknown
    return [TensorType(type, indices[..<axis] + [extent] + indices[axis...])]
  }

  private func depth(_ inputs: OperatorInputs) throws -> Int? {
    guard let tensor = inputs.constants[1] else { return nil }
    guard tensor.elementCount == 1, let depth = tensor.integers.first, depth >= 0 else {
      throw DataError(.mismatch, "the depth \(tensor.shape)", expected: "one positive number")
    }
    return depth
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let indices = try inputs.required(0)
    let axis = try resolve(axis: axis, rank: shape.rank)
    let depth = shape[axis]
    let inner = indices.shape.dimensions[axis...].reduce(1, *)
    var chosen = [Int](repeating: 0, count: shape.elementCount)
    for (place, index) in indices.integers.enumerated() where index >= -depth && index < depth {
      let at = index < 0 ? index + depth : index
      chosen[(place / inner * depth + at) * inner + place % inner] = 1
    }
    return [try inputs.required(2).picking(chosen, shape: shape)]
  }
}
