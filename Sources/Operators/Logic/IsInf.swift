import BinaryIO
import ModelGraph
import Tensors

/// True where the input is infinite.
///
/// - Source: ONNX IsInf-20.
public struct IsInf: Operator {
  public static let name = "IsInf"
  public var detectsPositive: Bool
  public var detectsNegative: Bool

  public init(detectsPositive: Bool = true, detectsNegative: Bool = true) {
    self.detectsPositive = detectsPositive
    self.detectsNegative = detectsNegative
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    try inputs.floatingPoint(0)
    return [TensorType(.bool, inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let values = try inputs.required(0).doubles.map {
      $0 == .infinity && detectsPositive || $0 == -.infinity && detectsNegative
    }
    return [Tensor(shape: shape, values)]
  }
}
