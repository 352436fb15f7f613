import BinaryIO
import ModelGraph
import Tensors

/// Tensors joined along an axis.
///
/// - Source: ONNX Concat-13.
public struct Concat: Operator {
  public static let name = "Concat"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int) {
    self.axis = axis
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    guard inputs.count >= 1, inputs.types.allSatisfy({ $0 != nil }) else {
      throw DataError(.mismatch, "an input is left out")
    }
    let type = try inputs.sameType(inputs.types.indices)
    guard let first = inputs.types.compactMap({ $0?.dimensions }).first else {
      return [TensorType(type)]
    }
    let axis = try resolve(axis: axis, rank: first.count)
    var result = first
    var extent: Int? = 0
    for input in inputs.types {
      guard let dimensions = input?.dimensions else {
        extent = nil
        continue
      }
      guard dimensions.count == first.count else {
        throw DataError(
          .mismatch, "\(text(first)) and \(text(dimensions)) have different numbers of axes")
      }
      for i in dimensions.indices where i != axis {
        guard let common = unified(result[i], dimensions[i]) else {
          throw DataError(
            .mismatch, "\(text(first)) and \(text(dimensions)) differ beside axis \(axis)")
        }
        result[i] = common
      }
      extent = try sum(extent, dimensions[axis].value)
    }
    result[axis] = inputs.count == 1 ? first[axis] : extent.map { .fixed($0) } ?? .unknown
    return [TensorType(type, result)]
  }

  private func sum(_ a: Int?, _ b: Int?) throws -> Int? {
    guard let a, let b else { return nil }
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw DataError(.limitExceeded, "extents of \(a) and \(b)") }
    return sum
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let axis = try resolve(axis: axis, rank: shape.rank)
    return [try .concatenated(inputs.compactMap { $0 }, axis: axis, shape: shape)]
  }
}

extension Concat: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let inputs = try builder.node.inputs.indices.map { try builder.input($0) }
    let rank = try builder.shape(inputs[0]).rank
    let axis = try resolve(axis: axis, rank: rank)
    let extents = try inputs.map { try builder.shape($0)[axis] }
    return try builder.add(
      Split(axis: axis, outputCount: inputs.count),
      [builder.flow(0), builder.integers(extents)], outputs: inputs.count)
  }
}
