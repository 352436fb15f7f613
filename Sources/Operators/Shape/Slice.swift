import BinaryIO
import ModelGraph
import Tensors

/// A part of a tensor.
///
/// Inputs: x, starts, ends, axes (optional), steps (optional). Bounds count from the end when
/// negative and are clamped.
/// - Source: ONNX Slice-13.
public struct Slice: Operator {
  public static let name = "Slice"

  public init() {}

  /// One axis of a slice, with bounds clamped: `count` elements from `start` in steps of `step`.
  struct Cut {
    var axis: Int
    var start: Int
    var step: Int
    var count: Int

    init(axis: Int, extent: Int, start: Int, end: Int, step: Int) throws {
      guard step != 0 else { throw DataError(.mismatch, "a step of zero") }
      let down = step < 0
      // Int.min and Int.max stand for "from the very beginning" and "to the very end".
      let from = start < 0 ? max(start, -extent - 1) + extent : start
      let to = end < 0 ? max(end, -extent - 1) + extent : end
      let first = down ? min(max(from, 0), extent - 1) : min(max(from, 0), extent)
      let last = down ? min(max(to, -1), extent - 1) : min(max(to, 0), extent)
      let span = down ? first - last : last - first
      let stride = step.magnitude > UInt(Int.max) ? Int.max : abs(step)
      self.axis = axis
      self.start = first
      self.step = down ? -stride : stride
      count = span <= 0 || extent == 0 ? 0 : (span - 1) / stride + 1
    }
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...5)
    let type = inputs[0].dataType
    guard let x = try inputs.dimensions(0, "the input") else { return [TensorType(type)] }
    var dimensions = x
    guard let bounds = try bounds(inputs, rank: x.count) else {
      // Where is not known, but perhaps along which axes.
      let axes = try inputs.integers(3, "the axes").map { try resolve(axes: $0, rank: x.count) }
      for axis in axes ?? Array(x.indices) { dimensions[axis] = .unknown }
      return [TensorType(type, dimensions)]
    }
    for (axis, start, end, step) in bounds {
      if let extent = x[axis].value {
        let cut = try Cut(axis: axis, extent: extent, start: start, end: end, step: step)
        dimensions[axis] = .fixed(cut.count)
      } else if !(start == 0 && end == Int.max && step == 1) {
        dimensions[axis] = .unknown
      }
    }
    return [TensorType(type, dimensions)]
  }

  /// Axis, start, end and step of each cut, or nil while they are not known.
  private func bounds(
    _ inputs: OperatorInputs, rank: Int
  ) throws -> [(axis: Int, start: Int, end: Int, step: Int)]? {
    let starts = try inputs.integers(1, "the starts")
    let ends = try inputs.integers(2, "the ends")
    let axes =
      try inputs.has(3) ? inputs.integers(3, "the axes") : starts.map { Array(0..<$0.count) }
    let steps =
      try inputs.has(4)
      ? inputs.integers(4, "the steps") : starts.map { [Int](repeating: 1, count: $0.count) }
    guard let starts, let ends, let axes, let steps else { return nil }
    guard starts.count == ends.count, starts.count == axes.count, starts.count == steps.count else {
      throw DataError(
        .mismatch,
        "\(starts.count) starts, \(ends.count) ends, \(axes.count) axes, \(steps.count) steps",
        expected: "as many of each")
    }
    let resolved = try resolve(axes: axes, rank: rank)
    return starts.indices.map { (resolved[$0], starts[$0], ends[$0], steps[$0]) }
  }

  /// A view where no step is negative.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShape(for: inputs)
    var result = try inputs.required(0)
    for (axis, start, end, step) in try bounds(.init(evaluating: inputs), rank: result.rank) ?? [] {
      let cut = try Cut(
        axis: axis, extent: result.shape[axis], start: start, end: end, step: step)
      if cut.count == 0 {
        result = result.sliced(axis: axis, 0..<0)
      } else if step > 0 {
        let last = cut.start + (cut.count - 1) * cut.step
        result = result.sliced(
          axis: axis, cut.start..<(last + 1), step: min(cut.step, result.shape[axis]))
      } else {
        result = try result.selecting(axis: axis, (0..<cut.count).map { cut.start + $0 * cut.step })
      }
    }
    return [result]
  }
}

extension Slice: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let x = try builder.input(0)
    let shape = try builder.shape(x)
    guard let bounds = try bounds(builder.inputs, rank: shape.rank) else {
      throw DataError(.unsupported, "a part whose place is computed")
    }
    var flow = try builder.flow(0)
    var (begins, ends) = ([Int](repeating: 0, count: shape.rank), shape.dimensions.map { _ in 0 })
    for (axis, start, end, step) in bounds {
      let cut = try Cut(axis: axis, extent: shape[axis], start: start, end: end, step: step)
      if cut.step == 1 {
        (begins[axis], ends[axis]) = (cut.start, shape[axis] - cut.start - cut.count)
      } else {
        let places = builder.integers((0..<cut.count).map { cut.start + $0 * cut.step })
        flow = try builder.add(GatherGradient(axis: axis, extent: shape[axis]), [places, flow])
      }
    }
    guard begins.contains(where: { $0 > 0 }) || ends.contains(where: { $0 > 0 }) else {
      return [flow]
    }
    return [try builder.add(Pad(), [flow, builder.integers(begins + ends)])]
  }
}
