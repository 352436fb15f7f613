import BinaryIO
import ModelGraph
import Tensors

/// The derivative of a function of single elements, in closed form.
public protocol Slope: Sendable {
  /// Whether it is said by the function's result, rather than by what it was applied to.
  var isOfResult: Bool { get }

  func slope(at value: Double) -> Double
}

extension Slope {
  public var isOfResult: Bool { false }
}

/// An operator on single elements whose derivative has a closed form.
protocol SlopedUnary: ElementwiseUnary, Differentiable, Slope {}

extension SlopedUnary {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let value = try isOfResult ? builder.output(0) : builder.input(0)
    return [try builder.add(UnaryGradient(self), [builder.flow(0), value])]
  }
}

/// What flows to each result times the function's slope there.
///
/// Not one of the standard's operators.
/// - Shapes: the gradient of the result, and what the slope is said by, of one shape; gives that shape.
public struct UnaryGradient: Operator {
  public static let name = "UnaryGradient"
  public var slope: any Slope

  public init(_ slope: any Slope) {
    self.slope = slope
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.floatingPoint(0)
    try inputs.sameType(0...1)
    try inputs.checkGradient(0, of: inputs[1].dimensions, "the function's values")
    return [inputs[0]]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShape(for: inputs)
    let (flow, value) = (try inputs.required(0), try inputs.required(1))
    let result = zip(flow.doubles, value.doubles).map { $0 * slope.slope(at: $1) }
    return [Tensor(shape: flow.shape, result).cast(to: flow.dataType)]
  }
}
