import BinaryIO
import ModelGraph
import Tensors

/// The upper or lower triangle of matrices; zero elsewhere.
///
/// Inputs: x `[…, M, N]`, k (optional; the diagonal).
/// - Source: ONNX Trilu-14.
public struct Trilu: Operator {
  public static let name = "Trilu"
  public var upper: Bool

  public init(upper: Bool = true) {
    self.upper = upper
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...2)
    _ = try inputs.dimensions(0, "the input", rank: 2...Shape.maximumRank)
    if inputs.has(1) { _ = try inputs.integer(1, "the diagonals") }
    return [inputs[0]]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let diagonal = inputs.optional(1)?.integers[0] ?? 0
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let padded = try Tensor.concatenated(
      [x.reshaped([x.elementCount]), Tensor(zeros: [1], dataType: x.dataType)], axis: 0,
      shape: [x.elementCount + 1])
    let places = (0..<x.elementCount).map { place in
      let (row, column) = (place / columns % rows, place % columns)
      let kept = upper ? column - row >= diagonal : column - row <= diagonal
      return kept ? place : x.elementCount
    }
    return [try padded.picking(places, shape: shape)]
  }
}

extension Trilu: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    [
      try builder.add(
        self, [builder.flow(0)] + (builder.has(1) ? [builder.input(1)] : []))
    ]
  }
}
