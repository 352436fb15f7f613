import ModelGraph
import Tensors

extension RMSNormalization: Decomposable {
  var opset: Int? { 23 }

  /// Narrow types are computed in float32.
  func decompose(_ parts: inout Decomposition) throws -> Bool {
    guard let input = parts.input(0), let scale = parts.input(1), let y = parts.output(0),
      let rank = parts.type(0).rank
    else { return false }
    let type = parts.dataType(0)
    let isNarrow = type != .float32 && type != .float64
    let x = isNarrow ? parts.add(Cast(to: .float32), [input], "wide") : input
    let first = try resolve(axis: axis, rank: rank)
    let axes = parts.integers(Array(first..<rank), "axes")
    let squares = parts.add(Mul(), [x, x], "squares")
    let mean = parts.add(ReduceMean(), [squares, axes], "mean")
    let epsilon = parts.constant(
      Tensor(scalar: epsilon).cast(to: isNarrow ? .float32 : type), "epsilon")
    let sum = parts.add(Add(), [mean, epsilon], "sum")
    let root = parts.add(Sqrt(), [sum], "root")
    var normal = parts.add(Div(), [x, root], "normal")
    if isNarrow { normal = parts.add(Cast(to: type), [normal], "narrow") }
    parts.add(Mul(), [normal, scale], "scaled", result: y)
    return true
  }
}
