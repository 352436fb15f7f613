import BinaryIO
import ModelGraph
import Tensors

/// `x · weightᵀ + bias`: a linear layer whose weight lies as PyTorch stores it.
///
/// Not one of the standard's operators: `MatMul(x, Transpose(weight)) + bias` there.
/// - Shapes: x `[…, in]`, weight `[out, in]`, bias (optional) `[out]`; gives `[…, out]`.
public struct Linear: Operator {
  public static let name = "Linear"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...3)
    try inputs.floatingPoint(0)
    let type = try inputs.sameType(0..<inputs.count)
    let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank)
    let weight = try inputs.dimensions(1, "the weight", rank: 2...2)
    if let x, let weight, unified(x[x.count - 1], weight[1]) == nil {
      throw DataError(
        .mismatch, "the input \(text(x)) and the weight \(text(weight))",
        expected: "the same number of features")
    }
    let outputs = weight?[0] ?? .unknown
    if let bias = try inputs.dimensions(2, "the bias", rank: 1...1),
      unified(bias[0], outputs) == nil
    {
      throw DataError(.mismatch, "the bias \(text(bias))", expected: "[\(outputs)]")
    }
    return [TensorType(type, x.map { $0.dropLast() + [outputs] })]
  }

  /// Sums in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let weight = try inputs.required(1)
    let features = weight.shape[1]
    let rows = shape.dimensions.dropLast().reduce(1, *)
    var values = matrixProduct(
      x.doubles[...], weight.transposed.doubles[...], m: rows, k: features, n: weight.shape[0])
    if let bias = inputs.optional(2) {
      values = zip(values, bias.broadcast(to: shape).doubles).map(+)
    }
    return [Tensor(shape: shape, values).cast(to: x.dataType)]
  }
}

extension Linear: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, x, weight) = (try builder.flow(0), try builder.input(0), try builder.input(1))
    let (outputs, inputs) = (try builder.shape(weight)[0], try builder.shape(weight)[1])
    let rows = try builder.shape(x).dropLast().reduce(1, *)
    let flat = try builder.reshaped(flow, [rows, outputs])
    var gradients: [ValueID?] = [nil, nil, nil]
    if builder.wants(0) {
      gradients[0] =
        try builder.shape(x).rank > 1
        ? builder.add(MatMul(), [flow, weight])
        : builder.reshaped(builder.add(MatMul(), [flat, weight]), builder.shape(x))
    }
    if builder.wants(1) {
      let flatInput = try builder.reshaped(x, [rows, inputs])
      gradients[1] = try builder.add(MatMul(), [builder.transposed(flat), flatInput])
    }
    if builder.wants(2) { gradients[2] = try builder.summed(flat, over: [0]) }
    return gradients
  }
}
