import BinaryIO
import JSON
import ModelGraph
import Operators
import Tensors

/// Layers of several inputs: sums, products, extremes, and joining.
enum MergeLayers {
  static let all: [String: KerasLayers.Translation] = [
    "Add": { try fold(&$0, $1, Add()) }, "Multiply": { try fold(&$0, $1, Mul()) },
    "Subtract": { try fold(&$0, $1, Sub()) }, "TrueDivide": { try fold(&$0, $1, Div()) },
    "Divide": { try fold(&$0, $1, Div()) },
    "Average": { try together(&$0, $1, Mean()) }, "Maximum": { try fold(&$0, $1, Max()) },
    "Minimum": { try fold(&$0, $1, Min()) }, "Concatenate": concatenate,
  ]

  /// One after the other; in an operation like `x + 1`, one side may be a plain number.
  private static func fold(
    _ builder: inout KerasGraphBuilder, _ call: KerasLayerCall, _ operator: any Operator
  ) throws -> KerasTensor {
    if call.inputs.count == 1, call.arguments.count == 2 {
      let operands = try call.arguments.map { argument -> KerasTensor? in
        if case .value(let value) = argument {
          guard let number = value.double else {
            throw DataError(.unsupported, "is called with \(value.text().prefix(60))")
          }
          let id = builder.constant(number, name: "\(call.name)/operand")
          return KerasTensor(id: id, rank: 0, isChannelsFirst: false)
        }
        return nil
      }
      var result = call.inputs[0]
      result.id = try builder.emit(
        `operator`, operands.map { ($0 ?? call.inputs[0]).id }, name: call.name)
      return result
    }
    let inputs = try alike(&builder, call)
    guard inputs.count >= 2 else {
      throw DataError(
        .malformed, "is called with \(inputs.count) tensors", expected: "at least two")
    }
    var result = inputs[0]
    for (i, input) in inputs.enumerated().dropFirst() {
      let name = i == inputs.count - 1 ? call.name : "\(call.name)/\(i)"
      result = try builder.emit(`operator`, on: result, [input.id], name: name)
    }
    return result
  }

  private static func together(
    _ builder: inout KerasGraphBuilder, _ call: KerasLayerCall, _ operator: any Operator
  ) throws -> KerasTensor {
    let inputs = try alike(&builder, call)
    guard let first = inputs.first else { throw DataError(.malformed, "is called with nothing") }
    return try builder.emit(`operator`, on: first, inputs.dropFirst().map(\.id), name: call.name)
  }

  private static func concatenate(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    let inputs = try alike(&builder, call)
    guard let first = inputs.first else { throw DataError(.malformed, "is called with nothing") }
    var axis = call.value("axis")?.integer ?? -1
    guard axis >= -first.rank, axis < first.rank else {
      throw DataError(.malformed, "there is no axis \(axis)")
    }
    if axis < 0 { axis += first.rank }
    if first.isChannelsFirst { axis = axis == 0 ? 0 : axis == first.rank - 1 ? 1 : axis + 1 }
    return try builder.emit(
      Concat(axis: axis), on: first, inputs.dropFirst().map(\.id), name: call.name)
  }

  /// The inputs in one and the same order of axes.
  private static func alike(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> [KerasTensor]
  {
    let ranks = Set(call.inputs.map(\.rank))
    try call.require(ranks.count <= 1, "joins tensors of \(ranks.sorted()) axes")
    guard call.inputs.contains(where: \.isChannelsFirst) else { return call.inputs }
    return try call.inputs.map { try builder.image($0) }
  }
}
