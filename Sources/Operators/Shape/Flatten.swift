import BinaryIO
import ModelGraph
import Tensors

/// A matrix: the axes before `axis` become rows, the others columns.
///
/// - Source: ONNX Flatten-25.
public struct Flatten: Operator {
  public static let name = "Flatten"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = 1) {
    self.axis = axis
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    let type = inputs[0].dataType
    guard let x = inputs[0].dimensions else { return [TensorType(type, [.unknown, .unknown])] }
    guard axis >= -x.count, axis <= x.count else {
      throw DataError(.mismatch, "there is no axis \(axis) in \(text(x))")
    }
    let split = axis < 0 ? axis + x.count : axis
    return [TensorType(type, [try product(x[..<split]), try product(x[split...])])]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    return [try inputs.required(0).reshaped(shape)]
  }
}

extension Flatten: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.onlyFirstOutput()
    return [try builder.reshaped(builder.flow(0), builder.shape(builder.input(0)))]
  }
}
