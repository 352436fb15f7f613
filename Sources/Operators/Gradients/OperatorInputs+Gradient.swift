import BinaryIO
import ModelGraph

extension OperatorInputs {
  /// - Throws: `.mismatch` unless input `index`, a gradient, may have the dimensions of what it is of.
  func checkGradient(_ index: Int, of dimensions: [Dimension]?, _ what: String) throws {
    guard let dimensions, let flow = self[index].dimensions else { return }
    guard flow.count == dimensions.count,
      zip(flow, dimensions).allSatisfy({ unified($0, $1) != nil })
    else {
      throw DataError(
        .mismatch, "the gradient \(text(flow)) does not fit \(what) \(text(dimensions))")
    }
  }
}
