import ModelGraph
import Tensors

extension RotaryEmbedding: Decomposable {
  var opset: Int? { 23 }

  func decompose(_ parts: inout Decomposition) throws -> Bool {
    guard let input = parts.input(0), let y = parts.output(0),
      let dimensions = parts.type(0).dimensions,
      let size = try HeadLayout(dimensions, heads: heads, "the input").size.value
    else { return false }
    let isJoined = dimensions.count == 3
    let turned = rotaryDimension ?? size
    var x = input
    if isJoined, let heads { x = parts.reshape(x, [0, 0, heads, size], "heads") }
    var rest: ValueID?
    if turned < size {
      let halves = parts.split(x, axis: 3, [turned, size - turned], "turned")
      (x, rest) = (halves[0], halves[1])
    }
    // the axis of the heads lies after the sequence, or before it
    guard let cosines = table(1, isJoined ? 2 : 1, "cosines", &parts),
      let sines = table(2, isJoined ? 2 : 1, "sines", &parts)
    else { return false }
    let pairs = isInterleaved ? [0, 0, 0, turned / 2, 2] : [0, 0, 0, 2, turned / 2]
    let axis = isInterleaved ? 4 : 3
    let paired = parts.reshape(x, pairs, "pairs")
    let sides = parts.split(paired, axis: axis, [1, 1], "sides")
    let flat = sides.enumerated().map { index, side in
      let axes = parts.integers([axis], "side_\(index)_axis")
      return parts.add(Squeeze(), [side, axes], "side_\(index)")
    }
    let (a, b) = (flat[0], flat[1])
    let first = parts.add(
      Sub(),
      [parts.add(Mul(), [a, cosines], "a_cos"), parts.add(Mul(), [b, sines], "b_sin")], "first")
    let second = parts.add(
      Add(),
      [parts.add(Mul(), [a, sines], "a_sin"), parts.add(Mul(), [b, cosines], "b_cos")], "second")
    let both = [first, second].enumerated().map {
      parts.unsqueeze($1, [axis], "result_\($0)")
    }
    let joined = parts.add(Concat(axis: axis), both, "results")
    let isLast = rest == nil && !isJoined
    var result = parts.reshape(joined, [0, 0, 0, turned], "flat", result: isLast ? y : nil)
    if let rest {
      result = parts.add(
        Concat(axis: 3), [result, rest], "whole", result: isJoined ? nil : y)
    }
    if isJoined, let heads {
      _ = parts.reshape(result, [0, 0, heads * size], "joined", result: y)
    }
    return true
  }

  /// Cosines or sines `[batch, sequence, r / 2]`, with an axis for the heads.
  private func table(
    _ index: Int, _ axis: Int, _ suffix: String, _ parts: inout Decomposition
  ) -> ValueID? {
    guard var table = parts.input(index) else { return nil }
    if let positions = parts.input(3) {
      table = parts.add(Gather(), [table, positions], "\(suffix)_of_positions")
    }
    return parts.unsqueeze(table, [axis], suffix)
  }
}
