import BinaryIO
import ModelGraph
import Tensors

/// Numbers kept between bounds.
///
/// Inputs: x, minimum (optional), maximum (optional); scalars.
/// - Source: ONNX Clip-13.
public struct Clip: Operator {
  public static let name = "Clip"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...3)
    try inputs.number(0)
    try inputs.sameType(0..<inputs.count)
    for index in 1..<3 {
      if let shape = inputs[index].shape, shape.elementCount != 1 {
        throw DataError(.mismatch, "a bound of the shape \(shape)", expected: "a scalar")
      }
    }
    return [inputs[0]]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let (low, high) = (inputs.optional(1), inputs.optional(2))
    func clip<T: TensorScalar & Comparable>(_ values: [T], _ low: T?, _ high: T?) -> Tensor {
      let clipped = values.map { value in
        let raised = low.map { value < $0 ? $0 : value } ?? value
        return high.map { raised > $0 ? $0 : raised } ?? raised
      }
      return Tensor(shape: shape, clipped).cast(to: x.dataType)
    }
    if x.dataType.isFloatingPoint { return [clip(x.doubles, low?.doubles[0], high?.doubles[0])] }
    if x.dataType == .uint64 {
      let bounds = [low, high].map { $0?.values(as: UInt64.self)[0] }
      return [clip(x.values(as: UInt64.self), bounds[0], bounds[1])]
    }
    return [clip(x.integers, low?.integers[0], high?.integers[0])]
  }
}

extension Clip: Differentiable {
  /// By x alone; bounds do not learn.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (x, flow) = (try builder.input(0), try builder.flow(0))
    var bounds = [-Double.infinity, .infinity]
    for index in 1...2 where builder.has(index) {
      guard let bound = builder.constant(try builder.input(index)) else {
        return [try gradient(&builder, x, flow)]
      }
      bounds[index - 1] = bound.doubles[0]
    }
    return [
      try builder.add(UnaryGradient(Inside(minimum: bounds[0], maximum: bounds[1])), [flow, x])
    ]
  }

  /// By bounds that a run computes.
  private func gradient(
    _ builder: inout GradientBuilder, _ x: ValueID, _ flow: ValueID
  ) throws -> ValueID {
    var flow = flow
    if builder.has(1) {
      let inside = try builder.add(GreaterOrEqual(), [x, builder.input(1)])
      flow = try builder.multiply(flow, builder.indicator(inside, like: x))
    }
    if builder.has(2) {
      let inside = try builder.add(LessOrEqual(), [x, builder.input(2)])
      flow = try builder.multiply(flow, builder.indicator(inside, like: x))
    }
    return flow
  }

  /// 1 between the bounds.
  public struct Inside: Slope {
    public var minimum: Double
    public var maximum: Double

    public init(minimum: Double, maximum: Double) {
      self.minimum = minimum
      self.maximum = maximum
    }

    public func slope(at x: Double) -> Double { x >= minimum && x <= maximum ? 1 : 0 }
  }
}
