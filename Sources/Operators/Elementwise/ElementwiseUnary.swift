import BinaryIO
import ModelGraph
import Tensors

/// An operator that looks at each element alone, in floating point.
///
/// - Types: computed in Double and rounded once to the input's type.
public protocol ElementwiseUnary: Operator {
  /// The operator on one number.
  func apply(_ x: Double) -> Double
}

extension ElementwiseUnary {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    try inputs.floatingPoint(0)
    return [inputs[0]]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShape(for: inputs)
    let x = try inputs.required(0)
    return [Tensor(shape: x.shape, x.doubles.map(apply)).cast(to: x.dataType)]
  }
}

/// An operator that looks at each element alone, in floating point or whole numbers.
public protocol NumericUnary: ElementwiseUnary {
  /// The operator on one whole number.
  func apply<T: FixedWidthInteger>(_ x: T) -> T
}

extension NumericUnary {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    try inputs.number(0)
    return [inputs[0]]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShape(for: inputs)
    let x = try inputs.required(0)
    if x.dataType.isFloatingPoint {
      return [Tensor(shape: x.shape, x.doubles.map { apply($0) }).cast(to: x.dataType)]
    }
    if x.dataType == .uint64 {
      return [Tensor(shape: x.shape, x.values(as: UInt64.self).map { apply($0) })]
    }
    return [Tensor(shape: x.shape, x.integers.map { apply($0) }).cast(to: x.dataType)]
  }
}
