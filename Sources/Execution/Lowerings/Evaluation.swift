import BinaryIO
import ModelGraph
import Tensors

/// The operator's own way, on whole tensors: for what has no faster one.
struct EvaluationStep: Step {
  let `operator`: any Operator
  let inputs: [Argument?]
  let outputs: [(slot: Int?, type: TensorType)]

  var kind: String { `operator`.name }
  var takes: [Argument] { inputs.compactMap { $0 } }
  var gives: [Int] { outputs.compactMap(\.slot) }

  func run(in frame: Frame) throws {
    let results = try `operator`.evaluate(inputs.map { $0.map(frame.tensor) })
    guard
      results.count >= outputs.count - outputs.reversed().prefix(while: { $0.slot == nil }).count
    else {
      throw DataError(.malformed, "\(results.count) outputs", expected: "\(outputs.count)")
    }
    for (result, output) in zip(results, outputs) {
      guard let slot = output.slot else { continue }
      let type = output.type
      guard type.dataType ?? result.dataType == result.dataType,
        type.rank ?? result.rank == result.rank,
        type.shape ?? result.shape == result.shape
      else {
        throw DataError(
          .malformed, "\(TensorType(result.dataType, shape: result.shape))", expected: "\(type)")
      }
      frame.fill(slot: slot, with: result)
    }
  }
}

extension ProgramBuilder {
  /// Lowers any node to its operator's evaluation.
  func lowerToEvaluation(_ node: Node) throws {
    let inputs = try node.inputs.map { try $0.map(argument) }
    let outputs = node.outputs.map { id in
      (slot: id.map { _ in newSlot() }, type: id.map { graph[$0].type } ?? .unknown)
    }
    append(EvaluationStep(operator: node.operator, inputs: inputs, outputs: outputs))
    for (id, output) in zip(node.outputs, outputs) {
      if let id, let slot = output.slot { place(id, as: .slot(slot)) }
    }
  }
}
