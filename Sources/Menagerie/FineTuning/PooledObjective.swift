import BinaryIO
import ModelGraph
import Operators
import Tensors
import Training

/// An objective for vectors of texts, of a model that gives one for each token.
///
/// - Shapes: output `[texts, sequence, size]`; the graph takes `attention_mask`.
struct PooledObjective: Objective {
  let pooling: Pooling
  let inner: any Objective

  init(_ pooling: Pooling, _ inner: any Objective) {
    self.pooling = pooling
    self.inner = inner
  }

  func targets(for output: TensorType) throws -> TensorType {
    guard let dimensions = output.dimensions, dimensions.count == 3 else {
      throw DataError(
        .unsupported, "an output of \(output)", expected: "vectors [texts, sequence, size]")
    }
    let width = dimensions[2].value.map { Dimension.fixed($0 * pooling.modes.count) }
    return try inner.targets(
      for: TensorType(output.dataType, [dimensions[0], width ?? dimensions[2]]))
  }

  func loss(_ output: ValueID, _ targets: ValueID, in graph: inout Graph) throws -> ValueID {
    guard let mask = graph.inputs.first(where: { graph[$0].name == "attention_mask" }) else {
      throw DataError(.unsupported, "a model without an attention mask", expected: "one")
    }
    let parts = pooling.modes.enumerated().map { index, mode in
      graph.pooled(output, mask, mode, "pooled_\(index)")
    }
    let whole =
      parts.count == 1 ? parts[0] : graph.add(Concat(axis: 1), parts, name: "pooled/modes")
    try graph.inferTypes()
    return try inner.loss(whole, targets, in: &graph)
  }
}

extension Graph {
  /// One vector of each text's rows, as `Pooling` computes it of values.
  fileprivate mutating func pooled(
    _ x: ValueID, _ mask: ValueID, _ mode: Pooling.Mode, _ name: String
  ) -> ValueID {
    func constant(_ tensor: Tensor, _ what: String) -> ValueID {
      addConstant("\(name)/\(what)", tensor)
    }
    let (one, last) = (constant(Tensor([1]), "axis"), constant(Tensor([-1]), "last"))
    if mode == .first {
      return add(Gather(axis: 1), [x, constant(Tensor(scalar: 0), "place")], name: name)
    }
    if mode == .maximum {
      let isText = add(Cast(to: .bool), [mask], name: "\(name)/is_text")
      let column = add(Unsqueeze(), [isText, last], name: "\(name)/column")
      let least = constant(Tensor(scalar: Float(-1e9)), "least")
      let shown = add(Where(), [column, x, least], name: "\(name)/shown")
      return add(ReduceMax(keepDimensions: false), [shown, one], name: name)
    }
    let flags = add(Cast(to: .float32), [mask], name: "\(name)/flags")
    var weights = flags
    if mode == .weightedMean || mode == .last {
      let places = add(
        CumSum(), [flags, constant(Tensor(scalar: 1), "along")], name: "\(name)/places")
      if mode == .last {
        let count = add(ReduceSum(), [flags, one], name: "\(name)/count")
        let isLast = add(Equal(), [places, count], name: "\(name)/is_last")
        let chosen = add(Cast(to: .float32), [isLast], name: "\(name)/chosen")
        weights = add(Mul(), [chosen, flags], name: "\(name)/weights")
      } else {
        weights = add(Mul(), [places, flags], name: "\(name)/weights")
      }
    }
    if mode != .last {
      var total = add(ReduceSum(), [weights, one], name: "\(name)/total")
      if mode == .meanOfSquareRoot { total = add(Sqrt(), [total], name: "\(name)/root") }
      weights = add(Div(), [weights, total], name: "\(name)/shares")
    }
    let row = add(Unsqueeze(), [weights, one], name: "\(name)/row")
    let sum = add(MatMul(), [row, x], name: "\(name)/sum")
    return add(Squeeze(), [sum, one], name: name)
  }
}
