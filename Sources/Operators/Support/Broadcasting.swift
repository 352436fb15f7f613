import BinaryIO
import ModelGraph
import Tensors

/// The dimensions that all inputs stretch to under NumPy's rule; nil while a rank is not known.
/// - Throws: `.mismatch` when two of them differ and neither is 1.
func broadcast(_ inputs: [[Dimension]?]) throws -> [Dimension]? {
  var result: [Dimension] = []
  for input in inputs {
    guard let input else { return nil }
    let rank = max(result.count, input.count)
    let a = [Dimension](repeating: 1, count: rank - result.count) + result
    let b = [Dimension](repeating: 1, count: rank - input.count) + input
    result = try zip(a, b).map { left, right in
      guard let common = stretched(left, right) else {
        throw DataError(
          .mismatch, "the shapes \(text(result)) and \(text(input)) do not stretch to one another")
      }
      return common
    }
  }
  return result
}

/// What two dimensions stretch to, or nil when they do not agree.
private func stretched(_ a: Dimension, _ b: Dimension) -> Dimension? {
  if a == b || b == 1 { return a }
  if a == 1 { return b }
  switch (a, b) {
  case (.fixed, .fixed): return nil
  // A name or an unknown beside an extent above 1 must be 1 or that extent.
  case (.fixed, _): return a
  case (_, .fixed): return b
  default: return .unknown
  }
}

/// What is known when two dimensions must be equal, or nil when they are not.
func unified(_ a: Dimension, _ b: Dimension) -> Dimension? {
  switch (a, b) {
  case (.fixed(let x), .fixed(let y)): x == y ? a : nil
  case (.fixed, _), (.symbol, .unknown), (.symbol, .symbol): a
  default: b
  }
}

/// Checks that input `index` stretches to the dimensions of x without changing them.
func checkStretches(
  _ inputs: OperatorInputs, _ index: Int, _ what: String, to x: [Dimension]
) throws {
  guard let given = inputs[index].dimensions else { return }
  let fits =
    given.count <= x.count
    && zip(given.reversed(), x.reversed()).allSatisfy { a, b in
      a == 1 || unified(a, b) != nil
    }
  guard fits else {
    throw DataError(.mismatch, "\(what) \(text(given)) does not stretch to the input \(text(x))")
  }
}
