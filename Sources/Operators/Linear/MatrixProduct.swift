import Tensors

/// Numbers that matrix products are summed up in; whole numbers wrap around.
protocol ProductSum: TensorScalar {
  static var zero: Self { get }
  mutating func add(_ a: Self, times b: Self)
}

extension Double: ProductSum {
  mutating func add(_ a: Double, times b: Double) { self += a * b }
}

extension Int: ProductSum {
  mutating func add(_ a: Int, times b: Int) { self &+= a &* b }
}

/// The product of `[M, K]` and `[K, N]`, both dense.
func matrixProduct<T: ProductSum>(
  _ a: ArraySlice<T>, _ b: ArraySlice<T>, m: Int, k: Int, n: Int
) -> [T] {
  var result = [T](repeating: .zero, count: m * n)
  for row in 0..<m {
    for inner in 0..<k {
      let factor = a[a.startIndex + row * k + inner]
      for column in 0..<n {
        result[row * n + column].add(factor, times: b[b.startIndex + inner * n + column])
      }
    }
  }
  return result
}
