import BinaryIO
import ModelGraph
import Tensors

/// An operator on two numbers, whose inputs stretch to a common shape.
///
/// - Types: both inputs alike; floating point in Double and rounded once, whole numbers wrap
///   around.
public protocol ElementwiseBinary: Operator {
  func apply(_ a: Double, _ b: Double) -> Double
  func apply<T: FixedWidthInteger>(_ a: T, _ b: T) throws -> T
}

extension ElementwiseBinary {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.number(0)
    return [
      TensorType(
        try inputs.sameType(0...1), try broadcast([inputs[0].dimensions, inputs[1].dimensions]))
    ]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    return [try combine(try inputs.required(0), try inputs.required(1), shape)]
  }

  /// The operator on tensors that stretch to `shape`.
  func combine(_ a: Tensor, _ b: Tensor, _ shape: Shape) throws -> Tensor {
    let (x, y) = (a.broadcast(to: shape), b.broadcast(to: shape))
    if a.dataType.isFloatingPoint {
      let values = zip(x.doubles, y.doubles).map { apply($0, $1) }
      return Tensor(shape: shape, values).cast(to: a.dataType)
    }
    if a.dataType == .uint64 {
      let pairs = zip(x.values(as: UInt64.self), y.values(as: UInt64.self))
      return Tensor(shape: shape, try pairs.map { try apply($0, $1) })
    }
    let values = try zip(x.integers, y.integers).map { try apply($0, $1) }
    return Tensor(shape: shape, values).cast(to: a.dataType)
  }
}

/// An operator that folds any number of inputs, which stretch to a common shape.
public protocol ElementwiseVariadic: ElementwiseBinary {
  /// What becomes of the fold at the end.
  func finish(_ folded: Double, count: Int) -> Double
}

extension ElementwiseVariadic {
  public func finish(_ folded: Double, count: Int) -> Double { folded }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    guard inputs.count >= 1, inputs.types.allSatisfy({ $0 != nil }) else {
      throw DataError(.mismatch, "an input is left out")
    }
    try inputs.number(0)
    let shapes = inputs.types.map { $0?.dimensions }
    return [TensorType(try inputs.sameType(inputs.types.indices), try broadcast(shapes))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let tensors = inputs.compactMap { $0 }
    let type = tensors[0].dataType
    guard type.isFloatingPoint else {
      return [
        try tensors.dropFirst().reduce(tensors[0].broadcast(to: shape)) {
          try combine($0, $1, shape)
        }
      ]
    }
    var folded = tensors[0].broadcast(to: shape).doubles
    for tensor in tensors.dropFirst() {
      folded = zip(folded, tensor.broadcast(to: shape).doubles).map { apply($0, $1) }
    }
    let values = folded.map { finish($0, count: tensors.count) }
    return [Tensor(shape: shape, values).cast(to: type)]
  }
}
