import BinaryIO
import Execution
import Images
import ModelGraph
import Tensors
import Zoo

extension Model {
  /// Seeded noise for each input, of the shapes that the model declares; what it leaves open is chosen.
  public func sampleInputs(batch: Int = 1) throws -> [String: Tensor] {
    try SampleInputs(self, batch: batch).tensors
  }
}

/// Inputs made from a fixed seed, to run a model on when nobody gives any.
struct SampleInputs {
  var tensors: [String: Tensor] = [:]
  /// The most elements that an input is made of.
  private static let maximumElementCount = 1 << 27
  /// `noise of shape [1, 3, 224, 224]`.
  var description: String

  /// Inputs for `model`; sizes that it leaves open are taken from `other`, then from its preprocessing.
  init(_ model: Model, _ other: Session? = nil, batch: Int = 1) throws {
    var generator = SplitMix(seed: 20_240_229)
    var shapes: [String] = []
    for (i, (name, type)) in try model.session().inputs.enumerated() {
      if GrowingPast.isInput(name) { continue }
      let dimensions = type.dimensions ?? [1, 3, 224, 224]
      let theirs = other.flatMap {
        $0.inputs.indices.contains(i) ? $0.inputs[i].type.dimensions : nil
      }
      let shape = try Shape(
        checking: dimensions.enumerated().map { axis, dimension in
          if let value = dimension.value { return value }
          if axis == 0 { return batch }
          if let theirs, SampleInputs.sameLayout(dimensions, theirs), let value = theirs[axis].value
          {
            return value
          }
          if dimensions.count == 4 { return model.preprocessing?.outputSize?.height ?? 64 }
          return min(16, model.zooModel?.definition.longest.values.min() ?? 16)
        })
      guard shape.elementCount <= SampleInputs.maximumElementCount else {
        throw DataError(
          .limitExceeded, "input '\(name)' has the shape \(shape), too large to try out",
          path: model.path)
      }
      tensors[name] = SampleInputs.noise(
        shape, type.dataType ?? .float32, SampleInputs.bound(of: name, in: model), &generator)
      shapes.append("\(shape)")
    }
    tensors = try GrowingPast.completed(tensors, for: model.session().inputs)
    description = "seeded noise of shape \(shapes.joined(separator: ", "))"
  }

  /// Whether both put the same things on the same axes, as far as their known extents tell.
  private static func sameLayout(_ a: [Dimension], _ b: [Dimension]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.value == nil || $0.value == $1.value }
  }

  /// Indices are below this; 1 for a mask, in which everything is to be seen.
  private static func bound(of name: String, in model: Model) -> UInt64 {
    guard let definition = model.zooModel?.definition else { return 2 }
    if case .ones? = definition.defaults[name] { return 1 }
    return UInt64(max(definition.vocabularies[name] ?? 2, 1))
  }

  private static func noise(
    _ shape: Shape, _ type: DataType, _ bound: UInt64, _ generator: inout SplitMix
  ) -> Tensor {
    if type.isFloatingPoint {
      let values = (0..<shape.elementCount).map { _ in Float(generator.normal()) }
      return Tensor(shape: shape, values).cast(to: type)
    }
    if bound == 1 {
      return Tensor(shape: shape, [Int64](repeating: 1, count: shape.elementCount)).cast(to: type)
    }
    // The first few are marks, and a model may treat padding by itself
    let first: UInt64 = bound > 16 ? 4 : 0
    let values = (0..<shape.elementCount).map { _ in
      Int64(first + generator.next() % (bound - first))
    }
    return Tensor(shape: shape, values).cast(to: type)
  }
}

/// A small deterministic generator of random numbers.
///
/// - Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// About normally distributed: mean 0, variance 1 (the sum of twelve uniform numbers).
  mutating func normal() -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + Double(next() >> 11) * 0x1p-53 }
  }
}
