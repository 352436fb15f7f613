import BinaryIO
import ModelGraph
import Tensors

/// How a window moves along one spatial axis, with all numbers settled and checked.
public struct WindowAxis: Sendable, Hashable {
  public var input: Int
  public var output: Int
  public var kernel: Int
  public var stride: Int
  public var dilation: Int
  /// Elements of padding before the input; negative where a transposed convolution is cut off.
  public var begin: Int
  /// Elements of padding after the input.
  public var end: Int

  /// The window's elements that lie inside the input when the output's element is `position`.
  func taps(at position: Int) -> Taps {
    let start = position * stride - begin
    let first = start >= 0 ? 0 : (-start + dilation - 1) / dilation
    let room = input - 1 - start
    let last = room < 0 ? -1 : min(kernel - 1, room / dilation)
    return Taps(
      kernel: first, input: start + first * dilation, count: max(0, last - first + 1),
      kernelStep: 1, inputStep: dilation)
  }

  /// The inputs that a transposed convolution spreads onto the output's element `position`.
  func transposedTaps(at position: Int) -> Taps {
    // input · stride + kernel · dilation = position + begin; solutions recur every `stride / gcd`.
    let target = position + begin
    let period = stride / greatestCommonDivisor(stride, dilation)
    for k in 0..<min(kernel, period) where target >= k * dilation {
      guard (target - k * dilation) % stride == 0 else { continue }
      // Skip kernel elements that would need inputs beyond the end.
      let step = period * dilation / stride
      let input = (target - k * dilation) / stride
      let skip = input < self.input ? 0 : (input - self.input) / step + 1
      let last = min((kernel - 1 - k) / period, input / step)
      return Taps(
        kernel: k + skip * period, input: input - skip * step, count: max(0, last - skip + 1),
        kernelStep: period, inputStep: -step)
    }
    return Taps(kernel: 0, input: 0, count: 0, kernelStep: 1, inputStep: 1)
  }

  /// How many of the window's elements lie inside the input or its padding.
  func paddedCount(at position: Int) -> Int {
    let room = input + end - 1 - (position * stride - begin)
    return room < 0 ? 0 : min(kernel, room / dilation + 1)
  }
}

/// Elements of a window along one axis: where they are in the kernel and in the input.
struct Taps {
  var kernel: Int
  var input: Int
  var count: Int
  var kernelStep: Int
  var inputStep: Int
}

/// The attributes that windows have in common, as they came from a file.
struct WindowAttributes {
  /// Attributes and extents beyond this are refused, so that products of two never overflow.
  static let limit = Int(Int32.max)

  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  var padding: Padding
  var ceilMode = false

  /// - Throws: `.mismatch` for a wrong number of numbers, or one that is out of range.
  func check(spatialRank: Int) throws {
    func check(_ numbers: [Int], _ what: String, _ range: ClosedRange<Int>) throws {
      guard numbers.count == spatialRank else {
        throw DataError(
          .mismatch, "the \(what) \(numbers) have \(numbers.count) axes",
          expected: "\(spatialRank) spatial axes")
      }
      guard let bad = numbers.first(where: { !range.contains($0) }) else { return }
      throw DataError(
        .mismatch, "the \(what) \(numbers) contain \(bad)", expected: "at least \(range.lowerBound)"
      )
    }
    try check(kernel, "kernel extents", 1...WindowAttributes.limit)
    try check(strides, "strides", 1...WindowAttributes.limit)
    try check(dilations, "dilations", 1...WindowAttributes.limit)
    if case .explicit(let begin, let end) = padding {
      try check(begin, "padding", 0...WindowAttributes.limit)
      try check(end, "padding", 0...WindowAttributes.limit)
    }
  }

  /// How far the window reaches along an axis.
  func reach(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// The window along one axis of known extent; `check` has passed.
  /// - Throws: `.mismatch` when the window is larger than the padded input.
  func axis(_ axis: Int, input: Int) throws -> WindowAxis {
    let (stride, reach) = (strides[axis], reach(axis))
    let (begin, end, output): (Int, Int, Int)
    switch padding {
    case .explicit(let begins, let ends):
      (begin, end) = (begins[axis], ends[axis])
      let room = input + begin + end - reach
      guard room >= 0 else {
        throw DataError(
          .mismatch,
          "the window reaches over \(reach) elements of an axis of \(input)"
            + (begin + end > 0 ? " and \(begin + end) of padding" : ""))
      }
      var count = (ceilMode ? (room + stride - 1) / stride : room / stride) + 1
      // A window that starts in the padding at the end does not count.
      if ceilMode, (count - 1) * stride >= input + begin { count -= 1 }
      output = count
    case .sameUpper, .sameLower:
      output = (input + stride - 1) / stride
      let total = max(0, (output - 1) * stride + reach - input)
      let smaller = total / 2
      (begin, end) =
        padding == .sameUpper ? (smaller, total - smaller) : (total - smaller, smaller)
    }
    return WindowAxis(
      input: input, output: output, kernel: kernel[axis], stride: stride,
      dilation: dilations[axis], begin: begin, end: end)
  }

  /// The windows along all spatial axes of known extents.
  func axes(_ inputs: [Int]) throws -> [WindowAxis] {
    try check(spatialRank: inputs.count)
    return try inputs.indices.map { try axis($0, input: inputs[$0]) }
  }

  /// The output's extents along spatial axes that may be symbolic.
  func outputs(_ inputs: [Dimension]) throws -> [Dimension] {
    try check(spatialRank: inputs.count)
    return try inputs.enumerated().map { index, input in
      if let extent = input.value {
        guard extent <= WindowAttributes.limit else {
          throw DataError(.limitExceeded, "a spatial axis of \(extent) elements")
        }
        return .fixed(try axis(index, input: extent).output)
      }
      return keepsExtent(index) ? input : .unknown
    }
  }

  /// Whether the output is as long as the input, whatever that is.
  private func keepsExtent(_ axis: Int) -> Bool {
    guard strides[axis] == 1 else { return false }
    guard case .explicit(let begin, let end) = padding else { return true }
    return begin[axis] + end[axis] == reach(axis) - 1
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  b == 0 ? a : greatestCommonDivisor(b, a % b)
}
