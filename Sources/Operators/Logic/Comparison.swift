import BinaryIO
import ModelGraph
import Tensors

/// A comparison of two inputs that stretch to a common shape.
public protocol Comparison: Operator {
  func apply<T: Comparable>(_ a: T, _ b: T) -> Bool
}

extension Comparison {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.sameType(0...1)
    return [TensorType(.bool, try broadcast([inputs[0].dimensions, inputs[1].dimensions]))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let a = try inputs.required(0).broadcast(to: shape)
    let b = try inputs.required(1).broadcast(to: shape)
    let values =
      if a.dataType.isFloatingPoint {
        zip(a.doubles, b.doubles).map { apply($0, $1) }
      } else if a.dataType == .uint64 {
        zip(a.values(as: UInt64.self), b.values(as: UInt64.self)).map { apply($0, $1) }
      } else {
        zip(a.integers, b.integers).map { apply($0, $1) }
      }
    return [Tensor(shape: shape, values)]
  }
}

/// A function of two truth values, whose inputs stretch to a common shape.
public protocol BooleanBinary: Operator {
  func apply(_ a: Bool, _ b: Bool) -> Bool
}

extension BooleanBinary {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    if let type = try inputs.sameType(0...1), type != .bool {
      throw DataError(.mismatch, "the inputs are of \(type)", expected: "bool")
    }
    return [TensorType(.bool, try broadcast([inputs[0].dimensions, inputs[1].dimensions]))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let a = try inputs.required(0).broadcast(to: shape).values(as: Bool.self)
    let b = try inputs.required(1).broadcast(to: shape).values(as: Bool.self)
    return [Tensor(shape: shape, zip(a, b).map { apply($0, $1) })]
  }
}
