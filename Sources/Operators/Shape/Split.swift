import BinaryIO
import ModelGraph
import Tensors

/// A tensor divided along an axis.
///
/// Inputs: x, then (optional) the parts' extents; alike parts without them, the last one perhaps
/// smaller.
/// - Source: ONNX Split-18.
public struct Split: Operator {
  public static let name = "Split"
  /// Counted from the end when negative.
  public var axis: Int
  public var outputCount: Int

  public init(axis: Int = 0, outputCount: Int) {
    self.axis = axis
    self.outputCount = outputCount
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...2)
    guard (1...(1 << 16)).contains(outputCount) else {
      throw DataError(.mismatch, "\(outputCount) outputs")
    }
    let type = inputs[0].dataType
    guard let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank) else {
      return [TensorType](repeating: TensorType(type), count: outputCount)
    }
    let axis = try resolve(axis: axis, rank: x.count)
    let parts = try extents(inputs, x[axis].value)
    return (0..<outputCount).map { index in
      var dimensions = x
      dimensions[axis] = parts.map { .fixed($0[index]) } ?? .unknown
      return TensorType(type, dimensions)
    }
  }

  /// The parts' extents, or nil while they are not known.
  private func extents(_ inputs: OperatorInputs, _ whole: Int?) throws -> [Int]? {
    if inputs.has(1) {
      guard let given = try inputs.integers(1, "the parts' extents") else { return nil }
      var rest = whole ?? Int.max
      for extent in given {
        guard extent >= 0, extent <= rest else {
          throw DataError(.mismatch, "parts of \(given)", expected: "a sum of \(whole ?? rest)")
        }
        rest -= extent
      }
      guard given.count == outputCount, whole == nil || rest == 0 else {
        throw DataError(
          .mismatch, "parts of \(given)",
          expected: "\(outputCount) of them with a sum of \(whole ?? 0)")
      }
      return given
    }
    guard let whole else { return nil }
    let part = (whole + outputCount - 1) / outputCount
    return (0..<outputCount).map { max(0, min(part, whole - $0 * part)) }
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shapes = try resultShapes(for: inputs)
    let x = try inputs.required(0)
    let axis = try resolve(axis: axis, rank: x.rank)
    var start = 0
    return shapes.map { shape in
      defer { start += shape[axis] }
      return x.sliced(axis: axis, start..<(start + shape[axis]))
    }
  }
}

extension Split: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let x = try builder.input(0)
    let axis = try resolve(axis: axis, rank: builder.shape(x).rank)
    let parts = try (0..<outputCount).map { index -> ValueID in
      if let flow = builder.flows(index) { return flow }
      var extents = try builder.shape(x).dimensions
      let types = try outputTypes(for: builder.inputs)
      extents[axis] = types[index].dimensions?[axis].value ?? 0
      return try builder.zeros(Shape(extents), like: x)
    }
    return [try builder.add(Concat(axis: axis), parts)]
  }
}
