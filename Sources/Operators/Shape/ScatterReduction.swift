import BinaryIO
import ModelGraph
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

extension GradientBuilder {
  /// Of a tensor with updates scattered onto it.
  ///
  /// - Parameters:
  ///   - gather: takes from a tensor what lies at the indices.
  ///   - scatter: puts the second tensor onto the first.
  mutating func gradientsOfScattering(
    _ reduction: ScatterReduction,
    gather: (inout GradientBuilder, ValueID) throws -> ValueID,
    scatter: (inout GradientBuilder, ValueID, ValueID, ScatterReduction) throws -> ValueID
  ) throws -> [ValueID?] {
    let (flow, x, updates) = (try flow(0), try input(0), try input(2))
    var gradients: [ValueID?] = [nil, nil, nil]
    switch reduction {
    case .none:
      if wants(0) { gradients[0] = try scatter(&self, flow, zeros(like: updates), .none) }
      if wants(2) { gradients[2] = try gather(&self, flow) }
    case .add:
      gradients = [flow, nil, wants(2) ? try gather(&self, flow) : nil]
    case .mul:
      if wants(0) { gradients[0] = try scatter(&self, flow, updates, .mul) }
      if wants(2) {
        throw DataError(.unsupported, "updates that are multiplied with, and that learn")
      }
    case .max, .min:
      // To those that are the extreme, divided among equals
      let y = try output(0)
      let mine = try indicator(add(Equal(), [x, y]), like: x)
      let theirs = try indicator(add(Equal(), [updates, gather(&self, y)]), like: x)
      let share = try divide(flow, scatter(&self, mine, theirs, .add))
      if wants(0) { gradients[0] = try multiply(share, mine) }
      if wants(2) { gradients[2] = try multiply(gather(&self, share), theirs) }
    }
    return gradients
  }
}
