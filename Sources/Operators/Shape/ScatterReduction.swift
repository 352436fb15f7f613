import BinaryIO
import Tensors

/// What becomes of an element that is scattered onto. Raw values are ONNX's.
public enum ScatterReduction: String, Sendable {
  case none, add, mul, max, min
}

extension Tensor {
  /// The same tensor with elements replaced, in the order given.
  func scattering(
    _ updates: Tensor, at places: [Int], _ reduction: ScatterReduction
  ) throws -> Tensor {
    if reduction == .none {
      // Which element of [self, updates] ends up where.
      var chosen = Array(0..<elementCount)
      for (index, place) in places.enumerated() { chosen[place] = elementCount + index }
      let count = elementCount + updates.elementCount
      let both = try Tensor.concatenated(
        [reshaped([elementCount]), updates.reshaped([updates.elementCount])], axis: 0,
        shape: [count])
      return try both.picking(chosen, shape: shape)
    }
    func scatter<T: TensorScalar & Comparable>(
      _ values: [T], _ updates: [T], _ add: (T, T) -> T, _ multiply: (T, T) -> T
    ) -> Tensor {
      var values = values
      for (place, update) in zip(places, updates) {
        values[place] =
          switch reduction {
          case .none: update
          case .add: add(values[place], update)
          case .mul: multiply(values[place], update)
          case .max: Swift.max(values[place], update)
          case .min: Swift.min(values[place], update)
          }
      }
      return Tensor(shape: shape, values).cast(to: dataType)
    }
    return dataType.isFloatingPoint
      ? scatter(doubles, updates.doubles, +, *) : scatter(integers, updates.integers, &+, &*)
  }
}
