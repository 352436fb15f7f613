import BinaryIO
import ModelGraph
import Tensors

/// The indices of the elements that are not zero, one column each.
///
/// - Source: ONNX NonZero-13.
public struct NonZero: Operator {
  public static let name = "NonZero"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    let rank = inputs[0].rank.map { Dimension.fixed($0) } ?? .unknown
    return [TensorType(.int64, [rank, .unknown])]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let values = x.doubles
    let places = values.indices.filter { values[$0] != 0 }
    let coordinates = zip(x.shape, x.shape.contiguousStrides).flatMap { extent, stride in
      places.map { $0 / stride % extent }
    }
    return [Tensor(shape: [x.rank, places.count], coordinates)]
  }
}
