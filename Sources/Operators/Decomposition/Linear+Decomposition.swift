import ModelGraph

extension Linear: Decomposable {
  var opset: Int? { nil }

  func decompose(_ parts: inout Decomposition) throws -> Bool {
    guard let x = parts.input(0), let weight = parts.input(1), let y = parts.output(0) else {
      return false
    }
    let matrix = parts.add(Transpose(permutation: [1, 0]), [weight], "weight")
    guard let bias = parts.input(2) else {
      parts.add(MatMul(), [x, matrix], "product", result: y)
      return true
    }
    let product = parts.add(MatMul(), [x, matrix], "product")
    parts.add(Add(), [product, bias], "sum", result: y)
    return true
  }
}
