import BinaryIO
import ModelGraph
import Tensors

/// What `Gather` took, put back: parts added up where they came from, zeros elsewhere.
///
/// Not one of the standard's operators.
/// - Shapes: indices of any shape, parts `[outer…, indices…, inner…]`; gives `[outer…, extent, inner…]`.
public struct GatherGradient: Operator {
  public static let name = "GatherGradient"
  /// How many axes are before those of the indices.
  public var axis: Int
  /// How many places there are.
  public var extent: Int

  public init(axis: Int, extent: Int) {
    self.axis = axis
    self.extent = extent
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try checkIndices(inputs, 0)
    let type = try inputs.floatingPoint(1, "the parts")
    guard let indices = inputs[0].dimensions, let parts = inputs[1].dimensions else {
      return [TensorType(type)]
    }
    guard axis >= 0, extent >= 0, parts.count >= axis + indices.count,
      zip(parts[axis...], indices).allSatisfy({ unified($0, $1) != nil })
    else {
      throw DataError(.mismatch, "parts \(text(parts)) at indices \(text(indices))")
    }
    return [
      TensorType(type, parts[..<axis] + [.fixed(extent)] + parts[(axis + indices.count)...])
    ]
  }

  /// Sums in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let parts = try inputs.required(1)
    let indices = try inputs.required(0).integers.map { try resolve(index: $0, extent) }
    let inner = shape.dropFirst(axis + 1).reduce(1, *)
    let outer = shape.prefix(axis).reduce(1, *)
    let values = parts.doubles
    var result = [Double](repeating: 0, count: shape.elementCount)
    for o in 0..<outer {
      for (place, index) in indices.enumerated() {
        let (from, to) = ((o * indices.count + place) * inner, (o * extent + index) * inner)
        for i in 0..<inner { result[to + i] += values[from + i] }
      }
    }
    return [Tensor(shape: shape, result).cast(to: parts.dataType)]
  }
}
