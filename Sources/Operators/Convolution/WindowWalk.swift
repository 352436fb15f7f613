/// An element of a window in several dimensions: its place in the flattened kernel and input.
struct Tap {
  var kernel: Int
  var input: Int
}

/// Visits each place of the output with the elements of the input that it sees, in row-major order.
///
/// - Parameters:
///   - taps: the elements along one axis (its index, the place along it).
///   - visit: gets the flattened place, the place along each axis, and the window's elements inside
///     the input.
func walkWindows(
  outputs: [Int], inputs: [Int], kernel: [Int], taps: (Int, Int) -> Taps,
  visit: (Int, [Int], [Tap]) -> Void
) {
  let count = outputs.reduce(1, *)
  var place = [Int](repeating: 0, count: outputs.count)
  var window: [Tap] = []
  var wider: [Tap] = []
  for flat in 0..<count {
    window.removeAll(keepingCapacity: true)
    window.append(Tap(kernel: 0, input: 0))
    for axis in outputs.indices {
      let line = taps(axis, place[axis])
      wider.removeAll(keepingCapacity: true)
      for tap in window {
        for step in 0..<line.count {
          wider.append(
            Tap(
              kernel: tap.kernel * kernel[axis] + line.kernel + step * line.kernelStep,
              input: tap.input * inputs[axis] + line.input + step * line.inputStep))
        }
      }
      swap(&window, &wider)
    }
    visit(flat, place, window)
    for axis in outputs.indices.reversed() {
      place[axis] += 1
      if place[axis] < outputs[axis] { break }
      place[axis] = 0
    }
  }
}
