import BinaryIO
import OrderedCollections
import Tensors

extension LowRankAdapter {
  /// The graph's weights with the adapter's work in them, as they lie there: `W + scale · B·A`, in Double.
  ///
  /// DoRA's rows have its lengths then.
  /// - Parameter tensors: the adapter's own, by their names.
  /// - Throws: `.mismatch` for a tensor that is missing or of another shape.
  public func merged(
    tensors: (String) -> Tensor?, weights: (String) throws -> Tensor
  ) throws -> [String: Tensor] {
    func own(_ name: String) throws -> [Double] {
      guard let tensor = tensors(name), tensor.shape == shapes[name] else {
        let found = tensors(name).map { "\($0.shape)" } ?? "is missing"
        throw DataError(
          .mismatch, found, expected: shapes[name].map { "\($0)" }, subject: "tensor '\(name)'")
      }
      return tensor.doubles
    }
    let (a, b) = (try own(nameOfA), try own(nameOfB))
    let lengths = isWeightDecomposed ? try own(nameOfMagnitude) : []
    let inputs = shape.dropFirst().reduce(1, *)
    var result: [String: Tensor] = [:]
    for part in parts {
      let weight = try weights(part.layer.parameter)
      var rows = try part.layer.rows(of: weight)
      for index in rows.indices {
        let row = part.rows.lowerBound + index
        for inner in 0..<rank {
          let factor = scale * b[row * rank + inner]
          guard factor != 0 else { continue }
          for column in 0..<inputs { rows[index][column] += factor * a[inner * inputs + column] }
        }
        guard isWeightDecomposed else { continue }
        let length = rows[index].reduce(0) { $0 + $1 * $1 }.squareRoot()
        for column in 0..<inputs { rows[index][column] *= lengths[row] / length }
      }
      result[part.layer.parameter] = part.layer.tensor(rows: rows)
    }
    return result
  }
}

extension AdaptableLayer {
  /// The rows of a weight that lies as in the graph: one for each output.
  func rows(of weight: Tensor) throws -> [[Double]] {
    let turned = isTransposed && weight.rank == 2 ? weight.transposed : weight
    guard turned.shape == shape else {
      throw DataError(
        .mismatch, "\(weight.shape)", expected: "\(shape)", subject: "weight '\(parameter)'")
    }
    let (values, width) = (turned.doubles, shape.dropFirst().reduce(1, *))
    return (0..<shape[0]).map { Array(values[($0 * width)..<(($0 + 1) * width)]) }
  }

  /// Rows as the graph has the weight, in float32.
  func tensor(rows: [[Double]]) -> Tensor {
    let tensor = Tensor(shape: shape, rows.flatMap { $0.map { Float($0) } })
    return isTransposed ? tensor.transposed.contiguous() : tensor
  }
}
