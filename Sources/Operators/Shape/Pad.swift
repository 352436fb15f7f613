import BinaryIO
import ModelGraph
import Tensors

/// Elements added around a tensor (or cut off, where the number is negative).
///
/// Inputs: x, pads (begins, then ends), value (optional), axes (optional).
/// - Source: ONNX Pad-25.
public struct Pad: Operator {
  public static let name = "Pad"
  public var mode: Mode

  public init(mode: Mode = .constant) {
    self.mode = mode
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...4)
    let type = inputs[0].dataType
    if inputs.has(2), let other = inputs[2].dataType, let type, other != type {
      throw DataError(.mismatch, "the value is of \(other)", expected: type.rawValue)
    }
    guard let x = inputs[0].dimensions else { return [TensorType(type)] }
    guard let amounts = try amounts(inputs, rank: x.count) else {
      return [TensorType(type, x.map { _ in .unknown })]
    }
    let dimensions: [Dimension] = try x.enumerated().map { axis, dimension in
      let (begin, end) = amounts[axis]
      guard begin != 0 || end != 0 else { return dimension }
      guard let extent = dimension.value else { return .unknown }
      guard extent + begin + end >= 0, -begin <= extent, -end <= extent else {
        throw DataError(.mismatch, "\(begin) and \(end) elements added to an axis of \(extent)")
      }
      let reach = mode == .reflect ? extent - 1 : mode == .constant ? Int.max : extent
      guard mode == .wrap ? extent > 0 : max(begin, end) <= reach || (mode == .edge && extent > 0)
      else {
        throw DataError(
          .mismatch, "\(begin) and \(end) elements (\(mode)) around an axis of \(extent)")
      }
      return .fixed(extent + begin + end)
    }
    return [TensorType(type, dimensions)]
  }

  /// What is added before and after each axis, or nil while it is not known.
  public func amounts(_ inputs: OperatorInputs, rank: Int) throws -> [(begin: Int, end: Int)]? {
    guard let pads = try inputs.integers(1, "the pads") else { return nil }
    var axes = Array(0..<rank)
    if inputs.has(3) {
      guard let given = try inputs.integers(3, "the axes") else { return nil }
      axes = try resolve(axes: given, rank: rank)
    }
    guard pads.count == 2 * axes.count, pads.allSatisfy({ $0.magnitude <= Int32.max })
    else {
      throw DataError(.mismatch, "the pads \(pads)", expected: "two for each of \(axes.count) axes")
    }
    var result = [(begin: Int, end: Int)](repeating: (0, 0), count: rank)
    for (i, axis) in axes.enumerated() { result[axis] = (pads[i], pads[axes.count + i]) }
    return result
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    var result = try inputs.required(0)
    let value = inputs.optional(2)
    let amounts = try amounts(OperatorInputs(evaluating: inputs), rank: result.rank) ?? []
    for (axis, (begin, end)) in amounts.enumerated() where begin != 0 || end != 0 {
      let extent = result.shape[axis]
      let indices = (0..<shape[axis]).map { source($0 - begin, extent) }
      result = try result.selecting(axis: axis, indices, fill: value)
    }
    return [result]
  }

  /// The element that stands at a place outside or inside an axis; negative for a new one.
  private func source(_ place: Int, _ extent: Int) -> Int {
    if (0..<extent).contains(place) { return place }
    switch mode {
    case .constant: return -1
    case .edge: return place < 0 ? 0 : extent - 1
    case .reflect: return place < 0 ? -place : 2 * (extent - 1) - place
    case .wrap: return (place % extent + extent) % extent
    }
  }

  /// What the new elements are.
  public enum Mode: String, Sendable {
    /// The value of the third input, or zero.
    case constant
    /// The tensor mirrored about its border element.
    case reflect
    /// The border element.
    case edge
    /// The tensor again, from its other end.
    case wrap
  }
}

extension Pad: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let shape = try builder.shape(builder.input(0))
    guard let amounts = try amounts(builder.inputs, rank: shape.rank) else {
      throw DataError(.unsupported, "padding that is computed")
    }
    var flow = try builder.flow(0)
    if mode != .constant {
      for (axis, (begin, end)) in amounts.enumerated() where begin != 0 || end != 0 {
        let extent = shape[axis]
        let sources = (0..<(extent + begin + end)).map { source($0 - begin, extent) }
        flow = try builder.add(
          GatherGradient(axis: axis, extent: extent), [builder.integers(sources), flow])
      }
      return [flow]
    }
    guard !builder.wants(2) else { throw DataError(.unsupported, "a value around that learns") }
    if amounts.contains(where: { $0.begin < 0 || $0.end < 0 }) {
      let back = builder.integers(amounts.map { -$0.begin } + amounts.map { -$0.end })
      return [try builder.add(Pad(), [flow, back])]
    }
    let starts = amounts.map(\.begin)
    let ends = zip(starts, shape).map { $0 + $1 }
    return [
      try builder.add(Slice(), [flow, builder.integers(starts), builder.integers(ends)])
    ]
  }
}
