import BinaryIO
import ModelGraph
import Tensors

/// What the inputs of a `Resize` ask for, checked.
struct ResizeRequest {
  private let resize: Resize
  private let rank: Int
  private let axes: [Int]
  private let scales: [Double]?
  private let sizes: [Int]?
  private let region: [Double]?

  /// Whether the inputs are known already.
  var isKnown: Bool { scales != nil || sizes != nil }

  init(_ resize: Resize, _ inputs: OperatorInputs, rank: Int) throws {
    self.resize = resize
    self.rank = rank
    axes = try resolve(axes: resize.axes ?? Array(0..<rank), rank: rank)
    // Older models leave an input out by making it empty.
    func given(_ index: Int) -> Tensor? {
      inputs.constants[index].flatMap { $0.elementCount == 0 ? nil : $0 }
    }
    scales = given(2)?.doubles
    sizes = try given(3) == nil ? nil : inputs.integers(3, "the sizes")
    region = resize.coordinateTransformation == .cropAndResize ? given(1)?.doubles : nil
    let limit = Double(Int32.max)
    guard scales == nil || sizes == nil else {
      throw DataError(.mismatch, "both scales and sizes", expected: "one of them")
    }
    if let scales, scales.count != axes.count || !scales.allSatisfy({ $0 > 0 && $0 <= limit }) {
      throw DataError(
        .mismatch, "the scales \(scales)", expected: "\(axes.count) positive numbers")
    }
    if let sizes,
      sizes.count != axes.count || !sizes.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) })
    {
      throw DataError(.mismatch, "the sizes \(sizes)", expected: "\(axes.count) positive numbers")
    }
    if let region, region.count != 2 * axes.count || !region.allSatisfy({ abs($0) <= limit }) {
      throw DataError(.mismatch, "the region \(region)", expected: "\(2 * axes.count) numbers")
    }
    if !isKnown, !inputs.has(2), !inputs.has(3) {
      throw DataError(.mismatch, "neither scales nor sizes", expected: "one of them")
    }
  }

  /// Whether an axis may come out different.
  func changes(_ axis: Int) -> Bool {
    guard let place = axes.firstIndex(of: axis) else { return false }
    return scales.map { $0[place] != 1 || region != nil } ?? true
  }

  /// The size that is asked for, whatever the input is.
  func fixedSize(_ axis: Int) -> Int? {
    guard resize.keepAspectRatio == .stretch, let sizes else { return nil }
    return axes.firstIndex(of: axis).map { sizes[$0] }
  }

  /// How an axis of known extent is resampled; `shape` is the whole input's.
  func axis(_ axis: Int, extent: Int, shape: [Int?]) throws -> ResizeAxis {
    guard let place = axes.firstIndex(of: axis) else {
      return ResizeAxis(input: extent, output: extent, scale: 1, region: (0, 1))
    }
    let part = region.map { ($0[place], $0[axes.count + place]) } ?? (0, 1)
    guard let sizes else {
      let scale = scales?[place] ?? 1
      let length = Double(extent) * scale * (region == nil ? 1 : part.1 - part.0)
      guard length.magnitude < Double(Int32.max), extent > 0 || length == 0 else {
        throw DataError(.limitExceeded, "an axis of \(extent) scaled by \(scale)")
      }
      return ResizeAxis(
        input: extent, output: max(0, Int(length)), scale: scale, region: part)
    }
    guard extent > 0 else {
      guard sizes[place] == 0 else {
        throw DataError(.mismatch, "an empty axis resized to \(sizes[place])")
      }
      return ResizeAxis(input: 0, output: 0, scale: 1, region: part)
    }
    if resize.keepAspectRatio == .stretch {
      return ResizeAxis(
        input: extent, output: sizes[place], scale: Double(sizes[place]) / Double(extent),
        region: part)
    }
    let ratios = zip(axes, sizes).compactMap { axis, size in
      shape[axis].map { Double(size) / Double(max($0, 1)) }
    }
    guard ratios.count == axes.count, let least = ratios.min(), let most = ratios.max() else {
      throw DataError(.mismatch, "the aspect ratio of a shape that is not known")
    }
    let scale = resize.keepAspectRatio == .notLarger ? least : most
    let output = (scale * Double(extent) + 0.5).rounded(.down)
    guard output < Double(Int32.max) else {
      throw DataError(.limitExceeded, "an axis of \(extent) scaled by \(scale)")
    }
    return ResizeAxis(input: extent, output: Int(output), scale: scale, region: part)
  }
}
