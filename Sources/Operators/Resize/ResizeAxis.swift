import BinaryIO

/// How one axis is resampled, with all numbers settled.
struct ResizeAxis {
  var input: Int
  var output: Int
  /// As it was asked for: `output` may be rounded.
  var scale: Double
  /// The part of the axis that is kept, for `.cropAndResize`.
  var region: (start: Double, end: Double)

  var isIdentity: Bool { input == output && scale == 1 }

  /// The place in the input that belongs to a place in the output.
  func position(of place: Int, _ transformation: Resize.CoordinateTransformation) -> Double {
    let x = Double(place)
    let (last, exact) = (Double(input - 1), scale * Double(input))
    switch transformation {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return output > 1 ? (x + 0.5) / scale - 0.5 : 0
    case .asymmetric: return x / scale
    // The standard's own cases divide by the exact length, not by the rounded one.
    case .alignCorners: return output > 1 ? x * last / (exact - 1) : 0
    case .halfPixelSymmetric:
      let adjustment = Double(output) / exact
      return Double(input) / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
    case .cropAndResize:
      let length = region.end - region.start
      return output > 1
        ? region.start * last + x * length * last / Double(output - 1)
        : (region.start + region.end) / 2 * last
    }
  }

  /// Neighbours of a position with weights that sum to 1.
  ///
  /// - Parameters:
  ///   - cubic: the coefficient a of the cubic filter; nil for the linear one.
  ///   - antialias: whether the filter is widened when the axis shrinks.
  func filtered(
    around position: Double, cubic: Double?, antialias: Bool, excludeOutside: Bool
  ) -> [ResizeSample] {
    guard position.isFinite, abs(position) < 1e15 else { return [] }
    let narrowing = antialias ? min(scale, 1) : 1
    let base = position.rounded(.down)
    let first = Int((-(cubic == nil ? 1 : 2) / narrowing).rounded(.down)) + 1
    var samples: [ResizeSample] = []
    var sum = 0.0
    for step in first...(1 - first) {
      let index = Int(base) + step
      let distance = abs((base + Double(step) - position) * narrowing)
      let weight = cubic.map { cubicWeight(distance, $0) } ?? max(0, 1 - distance)
      if excludeOutside && !(0..<input).contains(index) { continue }
      samples.append(ResizeSample(index: max(0, min(input - 1, index)), weight: weight))
      sum += weight
    }
    guard sum != 0 else { return samples }
    return samples.map { ResizeSample(index: $0.index, weight: $0.weight / sum) }
  }

  /// Keys' cubic convolution.
  private func cubicWeight(_ x: Double, _ a: Double) -> Double {
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}

/// An element of the input and its share in a sample.
struct ResizeSample {
  var index: Int
  var weight: Double
}
