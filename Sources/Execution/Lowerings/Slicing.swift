import Kernels
import ModelGraph
import Operators
import Tensors

extension Lowering {
  static let split = Lowering(Split.self) { split, node, builder in
    guard let x = node.inputs[0], let shape = builder.floatShape(x), shape.rank > 0,
      node.outputs.allSatisfy({ $0.map { builder.floatShape($0) != nil } ?? false })
    else { return false }
    let axis = split.axis < 0 ? split.axis + shape.rank : split.axis
    var start = 0
    for case let output? in node.outputs {
      guard let part = builder.floatShape(output) else { return false }
      try builder.lowerToPart(x, output, starts: [axis: start], steps: [:])
      start += part[axis]
    }
    return true
  }

  static let slice = Lowering(Slice.self) { _, node, builder in
    guard let x = node.inputs[0], let output = node.outputs[0], let shape = builder.floatShape(x),
      let outputShape = builder.floatShape(output), outputShape.elementCount > 0,
      let first = builder.constant(node.inputs[1])?.integers
    else { return false }
    func given(_ index: Int) -> [Int]?? {
      guard node.inputs.count > index, let id = node.inputs[index] else { return .some(nil) }
      return builder.constant(id).map { .some($0.integers) } ?? nil
    }
    guard let axes = given(3), let steps = given(4) else { return false }
    var (starts, strides): ([Int: Int], [Int: Int]) = ([:], [:])
    for (i, var start) in first.enumerated() {
      let axis = axes.map { $0[i] < 0 ? $0[i] + shape.rank : $0[i] } ?? i
      let step = steps?[i] ?? 1
      guard step > 0 else { return false }
      if start < 0 { start += shape[axis] }
      starts[axis] = min(max(start, 0), shape[axis])
      strides[axis] = step
    }
    try builder.lowerToPart(x, output, starts: starts, steps: strides)
    return true
  }
}

extension ProgramBuilder {
  /// Places `output`, a part of `x`: where it lies, if that is dense, else in a copy.
  fileprivate func lowerToPart(
    _ x: ValueID, _ output: ValueID, starts: [Int: Int], steps: [Int: Int]
  ) throws {
    guard let shape = floatShape(x), let outputShape = floatShape(output) else { return }
    let (operand, layout) = try floats(x)
    var strides = layout.strides(shape)
    let offset = starts.reduce(0) { $0 + $1.value * strides[$1.key] }
    for (axis, step) in steps { strides[axis] *= step }
    let physical = layout.physical(outputShape)
    let along = layout.order.map { strides[$0] }
    let extent = zip(physical, along).reduce(1) { $0 + max($1.0 - 1, 0) * $1.1 }
    let source = operand[offset..<(offset + (outputShape.elementCount == 0 ? 0 : extent))]
    if zip(physical, zip(along, physical.contiguousStrides)).allSatisfy({ $0 == 1 || $1.0 == $1.1 })
    {
      place(output, at: source, layout)
    } else if shape.rank == 3, layout == .rowMajor(3), steps.isEmpty,
      starts.keys.allSatisfy({ $0 == 2 }), isForAttention(output)
    {
      columnPlaces[output] = ColumnPlace(region: operand, start: offset, stride: shape[2])
    } else {
      append(
        ConversionStep(
          source: source, result: try result(output, layout), shape: physical, strides: along))
    }
    if isNonNegative(x) { markNonNegative(output) }
  }
}
