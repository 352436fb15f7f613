import Kernels
import ModelGraph
import Operators
import Tensors

/// Elements or rows that a step's numbers drop.
struct DropoutStep: Step {
  let layer: DropoutInTraining
  let key: Argument
  let input: Region
  let result: Region
  /// How many are dropped or stay as one: elements, or samples.
  let units: Int

  var kind: String { DropoutInTraining.name }
  var reads: [Region] { [input] }
  var writes: [Region] { [result] }
  var takes: [Argument] { [key] }
  var inPlace: (read: Region, write: Region)? { (input, result) }

  func run(in frame: Frame) throws {
    let key = try DropoutKey(frame.tensor(key))
    let mask = key.mask(stream: layer.stream, rate: layer.rate)
    let (x, y) = (frame.view(input), frame.view(result))
    switch layer.unit {
    case .element:
      mask.drop(x, from: key.start(of: units), count: units, into: y, pool: frame.pool)
    case .sample:
      mask.dropRows(x, from: key.start(of: units), rows: units, into: y, pool: frame.pool)
    }
  }
}

/// Shares that an attention drops.
struct DroppedShares: Sendable {
  let layer: AttentionInTraining
  let key: Argument
  /// Of all batches, heads and queries.
  let rows: Int

  func dropout(in frame: Frame) throws -> AttentionDropout {
    let key = try DropoutKey(frame.tensor(key))
    return AttentionDropout(
      key.mask(stream: layer.stream, rate: layer.rate), firstRow: key.start(of: rows))
  }
}

extension Lowering {
  static let dropoutInTraining = Lowering(DropoutInTraining.self) { layer, node, builder in
    guard let x = node.inputs[0], let key = node.inputs[1], let output = node.outputs[0],
      let shape = builder.floatShape(x), shape.rank > 0, shape.elementCount > 0
    else { return false }
    // Elements have their numbers in the row-major order; of samples, only they must lie one after the other
    var (input, layout) = try builder.floats(x)
    if layer.unit == .element || layout.order.first != 0 {
      layout = .rowMajor(shape.rank)
      input = try builder.floats(x, layout).operand
    }
    builder.append(
      DropoutStep(
        layer: layer, key: try builder.argument(key), input: input,
        result: try builder.result(output, layout),
        units: layer.unit == .element ? shape.elementCount : shape[0]))
    return true
  }
}
