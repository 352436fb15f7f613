import BinaryIO
import ModelGraph
import Tensors

/// Matrix product over the last two axes; the axes before stretch, as in NumPy.
///
/// - Shapes: `[…, M, K]` and `[…, K, N]` give `[…, M, N]`; a vector counts as a row or a column.
/// - Source: ONNX MatMul-13.
public struct MatMul: Operator {
  public static let name = "MatMul"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.number(0)
    let type = try inputs.sameType(0...1)
    let a = try inputs.dimensions(0, "the left matrix", rank: 1...Shape.maximumRank)
    let b = try inputs.dimensions(1, "the right matrix", rank: 1...Shape.maximumRank)
    guard let a, let b else { return [TensorType(type)] }
    guard unified(a[a.count - 1], b[max(b.count - 2, 0)]) != nil else {
      throw DataError(
        .mismatch, "the product of \(text(a)) and \(text(b))", expected: "the same inner extent")
    }
    let outer = try broadcast([Array(a.dropLast(2)), Array(b.dropLast(2))]) ?? []
    let rows = a.count > 1 ? [a[a.count - 2]] : []
    let columns = b.count > 1 ? [b[b.count - 1]] : []
    return [TensorType(type, outer + rows + columns)]
  }

  /// Sums in Double; whole numbers wrap around.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let (x, y) = (try inputs.required(0), try inputs.required(1))
    let a = x.rank == 1 ? x.reshaped([1, x.shape[0]]) : x
    let b = y.rank == 1 ? y.reshaped([y.shape[0], 1]) : y
    let (m, k, n) = (a.shape[a.rank - 2], a.shape[a.rank - 1], b.shape[b.rank - 1])
    let outer = shape.dimensions.dropLast((x.rank > 1 ? 1 : 0) + (y.rank > 1 ? 1 : 0))
    let left = a.broadcast(to: try bounded(outer + [m, k]))
    let right = b.broadcast(to: try bounded(outer + [k, n]))
    let count = outer.reduce(1, *)
    func products<T: ProductSum>(_ a: [T], _ b: [T]) -> Tensor {
      var values: [T] = []
      for i in 0..<count {
        let (x, y) = (a[(i * m * k)..<((i + 1) * m * k)], b[(i * k * n)..<((i + 1) * k * n)])
        values += matrixProduct(x, y, m: m, k: k, n: n)
      }
      return Tensor(shape: shape, values)
    }
    let product =
      x.dataType.isFloatingPoint
      ? products(left.doubles, right.doubles) : products(left.integers, right.integers)
    return [product.cast(to: x.dataType)]
  }
}

extension MatMul: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (a, b) = (try builder.input(0), try builder.input(1))
    let (aShape, bShape) = (try builder.shape(a), try builder.shape(b))
    let (row, column) = (aShape.rank == 1, bShape.rank == 1)
    let left = row ? try builder.reshaped(a, [1, aShape[0]]) : a
    let right = column ? try builder.reshaped(b, [bShape[0], 1]) : b
    let (m, k, n) = (
      row ? 1 : aShape[aShape.rank - 2], aShape[aShape.rank - 1],
      column ? 1 : bShape[bShape.rank - 1]
    )
    let outer = try builder.shape(builder.output(0)).dropLast((row ? 0 : 1) + (column ? 0 : 1))
    let flow = try builder.reshaped(builder.flow(0), Shape(outer + [m, n]))
    var gradients: [ValueID?] = [nil, nil]
    if builder.wants(0) {
      let product = try builder.add(MatMul(), [flow, builder.transposed(right)])
      gradients[0] = try builder.reshaped(builder.summed(product, like: left), aShape)
    }
    if builder.wants(1), bShape.rank <= 2, aShape.rank > 2 {
      // One product over all rows, not one for each matrix and their sum
      let rows = outer.reduce(m, *)
      let (x, y) = (
        try builder.reshaped(left, [rows, k]), try builder.reshaped(flow, [rows, n])
      )
      gradients[1] = try builder.reshaped(
        builder.add(MatMul(), [builder.transposed(x), y]), bShape)
    } else if builder.wants(1) {
      let product = try builder.add(MatMul(), [builder.transposed(left), flow])
      gradients[1] = try builder.reshaped(builder.summed(product, like: right), bShape)
    }
    return gradients
  }
}
