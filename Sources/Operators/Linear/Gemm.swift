import BinaryIO
import ModelGraph
import Tensors

/// `alpha · A · B + beta · C`, with A and B transposed at will.
///
/// - Shapes: A `[M, K]`, B `[K, N]`, C (optional) stretches to `[M, N]`; gives `[M, N]`.
/// - Source: ONNX Gemm-13.
public struct Gemm: Operator {
  public static let name = "Gemm"
  public var alpha: Double
  public var beta: Double
  public var transposeA: Bool
  public var transposeB: Bool

  public init(
    alpha: Double = 1, beta: Double = 1, transposeA: Bool = false, transposeB: Bool = false
  ) {
    self.alpha = alpha
    self.beta = beta
    self.transposeA = transposeA
    self.transposeB = transposeB
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...3)
    try inputs.number(0)
    let type = try inputs.sameType(0..<inputs.count)
    let a = try inputs.dimensions(0, "A", rank: 2...2)
    let b = try inputs.dimensions(1, "B", rank: 2...2)
    let rows = a?[transposeA ? 1 : 0] ?? .unknown
    let columns = b?[transposeB ? 0 : 1] ?? .unknown
    if let a, let b, unified(a[transposeA ? 0 : 1], b[transposeB ? 1 : 0]) == nil {
      throw DataError(
        .mismatch,
        "the product of \(text(a))\(transposeA ? " transposed" : "") and "
          + "\(text(b))\(transposeB ? " transposed" : "")", expected: "the same inner extent")
    }
    if inputs.has(2) { try checkStretches(inputs, 2, "the summand", to: [rows, columns]) }
    return [TensorType(type, [rows, columns])]
  }

  /// Sums in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let (x, y) = (try inputs.required(0), try inputs.required(1))
    let (a, b) = (transposeA ? x.transposed : x, transposeB ? y.transposed : y)
    let product = matrixProduct(
      a.doubles[...], b.doubles[...], m: shape[0], k: a.shape[1], n: shape[1])
    guard let c = inputs.optional(2) else {
      return [Tensor(shape: shape, product.map { alpha * $0 }).cast(to: x.dataType)]
    }
    let values = zip(product, c.broadcast(to: shape).doubles).map { alpha * $0 + beta * $1 }
    return [Tensor(shape: shape, values).cast(to: x.dataType)]
  }
}

extension Gemm: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (a, b) = (try builder.input(0), try builder.input(1))
    let flow = try builder.flow(0)
    let scaled = try builder.multiply(flow, by: alpha)
    var gradients: [ValueID?] = [nil, nil, nil]
    if builder.wants(0) {
      let right = transposeB ? b : try builder.transposed(b)
      let product = try builder.add(MatMul(), [scaled, right])
      gradients[0] = transposeA ? try builder.transposed(product) : product
    }
    if builder.wants(1) {
      let left = transposeA ? a : try builder.transposed(a)
      gradients[1] =
        transposeB
        ? try builder.add(MatMul(), [builder.transposed(scaled), builder.transposed(left)])
        : try builder.add(MatMul(), [left, scaled])
    }
    if builder.wants(2) {
      gradients[2] = try builder.summed(
        builder.multiply(flow, by: beta), like: builder.input(2))
    }
    return gradients
  }
}
