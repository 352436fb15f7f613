import Tensors

/// Visits each element of a pooled result: its index, its place, where its plane begins, the values
/// of
/// x, and the elements that its window sees.
func poolWindows(
  _ x: Tensor, _ axes: [WindowAxis], visit: (Int, [Int], Int, [Double], [Tap]) -> Void
) {
  let inputs = axes.map(\.input)
  let outputs = axes.map(\.output)
  let (inputSize, outputSize) = (inputs.reduce(1, *), outputs.reduce(1, *))
  let values = x.doubles
  // The window's own indices are of no interest here: any kernel extent will do.
  let kernel = [Int](repeating: 0, count: axes.count)
  walkWindows(
    outputs: outputs, inputs: inputs, kernel: kernel, taps: { axes[$0].taps(at: $1) }
  ) { flat, place, taps in
    for plane in 0..<(x.shape[0] * x.shape[1]) {
      visit(plane * outputSize + flat, place, plane * inputSize, values, taps)
    }
  }
}
