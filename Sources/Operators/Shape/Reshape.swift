import BinaryIO
import ModelGraph
import Tensors

/// Another shape with the same elements in the same order.
///
/// Inputs: x, shape. -1 stands for what is left; 0 for x's own extent, unless `allowZero`.
/// - Source: ONNX Reshape-25.
public struct Reshape: Operator {
  public static let name = "Reshape"
  public var allowZero: Bool

  public init(allowZero: Bool = false) {
    self.allowZero = allowZero
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    let type = inputs[0].dataType
    guard let target = try inputs.integers(1, "the shape") else {
      let rank = inputs[1].dimensions?.first?.value ?? nil
      guard let rank, rank <= Shape.maximumRank else { return [TensorType(type)] }
      return [TensorType(type, [Dimension](repeating: .unknown, count: rank))]
    }
    guard target.count <= Shape.maximumRank, target.filter({ $0 == -1 }).count <= 1,
      target.allSatisfy({ $0 >= -1 }), !(allowZero && target.contains(0) && target.contains(-1))
    else {
      throw DataError(.mismatch, "\(target) is no shape to take")
    }
    let x = inputs[0].dimensions
    var result: [Dimension] = try target.enumerated().map { axis, extent in
      guard extent == 0, !allowZero else { return extent < 0 ? .unknown : .fixed(extent) }
      guard let x else { return .unknown }
      guard axis < x.count else {
        throw DataError(.mismatch, "\(target) keeps axis \(axis) of \(text(x))")
      }
      return x[axis]
    }
    guard let x else { return [TensorType(type, result)] }
    let count = try Factors(x)
    let misfit = DataError(.mismatch, "\(text(x)) cannot take the shape \(target)")
    if let free = target.firstIndex(of: -1) {
      let others = try Factors(result.enumerated().filter { $0.offset != free }.map(\.element))
      guard let left = count.divided(by: others) else { throw misfit }
      if others.fixed == 0, count.isFixed, count.fixed != 0 { throw misfit }
      result[free] = others.fixed == 0 && others.isFixed && count.isFixed ? 0 : left
    } else {
      let wanted = try Factors(result)
      if wanted.isFixed, count.isFixed, wanted.fixed != count.fixed { throw misfit }
    }
    return [TensorType(type, result)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    guard shape.elementCount == x.elementCount else {
      throw DataError(.mismatch, "\(x.shape) cannot take the shape \(shape)")
    }
    return [x.reshaped(shape)]
  }
}

extension Reshape: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.onlyFirstOutput()
    return [try builder.reshaped(builder.flow(0), builder.shape(builder.input(0)))]
  }
}
