import BinaryIO
import Tensors

/// Computes what follows from constants alone, once and for all.
public struct FoldConstants: GraphPass {
  public static let name = "FoldConstants"
  /// A result that is larger is left to be computed, unless it is smaller than what it is made
  /// from.
  public var maximumBytes: Int

  public init(maximumBytes: Int = 1 << 24) { self.maximumBytes = maximumBytes }

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    var settled: [ValueID: Tensor] = [:]
    for (index, node) in graph.nodes.enumerated() where !(node.operator is OpaqueOperator) {
      let inputs = node.inputs.map { id in id.flatMap { settled[$0] ?? graph.known($0) } }
      let given = zip(node.inputs, inputs).allSatisfy { $0 == nil || $1 != nil }
      guard given, isSmall(node, inputs) else { continue }
      let results = try naming("node '\(node.name)' (\(node.operator.name))") {
        try node.operator.evaluate(inputs)
      }
      guard results.count >= node.outputs.count else { continue }
      for (id, result) in zip(node.outputs, results) {
        guard let id else { continue }
        let type = graph[id].type
        guard type.dataType ?? result.dataType == result.dataType,
          type.rank ?? result.rank == result.rank, type.shape ?? result.shape == result.shape
        else {
          throw DataError(
            .malformed, "is declared \(type), but computed as \(result.dataType) \(result.shape)",
            subject: "value '\(graph[id].name)'")
        }
        settled[id] = result
        patch.settle(id, result)
      }
      patch.remove(index)
      patch.note(
        Rewrite(
          pass: Self.name, removed: [node.name],
          into: node.outputs.first?.map { graph[$0].name } ?? node.name))
    }
    return patch
  }

  private func isSmall(_ node: Node, _ inputs: [Tensor?]) -> Bool {
    var constants: [Int: Tensor] = [:]
    for case (let index, let tensor?) in inputs.enumerated() { constants[index] = tensor }
    let types = inputs.map { $0.map { TensorType($0.dataType, shape: $0.shape) } }
    let inferred = try? node.operator.outputTypes(
      for: OperatorInputs(types: types, constants: constants))
    guard let inferred else { return false }
    let available = inputs.reduce(0) { $0 + ($1?.byteCount ?? 0) }
    var bytes = 0
    for type in inferred.prefix(node.outputs.count) {
      guard let shape = type.shape, let dataType = type.dataType else { return false }
      bytes += dataType.byteCount(of: shape.elementCount)
    }
    return bytes <= max(maximumBytes, available)
  }
}
