import BinaryIO
import Tensors

/// Lets nodes that take equal constants take the same one.
public struct ShareConstants: GraphPass {
  public static let name = "ShareConstants"
  /// Larger tensors are only compared by where they lie, not by their numbers.
  public var maximumBytes: Int

  public init(maximumBytes: Int = 1 << 16) { self.maximumBytes = maximumBytes }

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    var byIdentity: [Key: ValueID] = [:]
    let outputs = Set(graph.outputs)
    for (id, tensor) in graph.constants.sorted(by: { $0.key < $1.key }) where !outputs.contains(id)
    {
      let key = Key(
        type: graph[id].type.dataType ?? tensor.dataType, stored: tensor.dataType,
        shape: tensor.shape,
        content: tensor.byteCount <= maximumBytes
          ? .numbers(tensor.sha256) : .place(tensor.identity))
      guard let first = byIdentity[key] else {
        byIdentity[key] = id
        continue
      }
      patch.redirect(id, to: first)
      patch.note(Rewrite(pass: Self.name, removed: [graph[id].name], into: graph[first].name))
    }
    return patch
  }

  private struct Key: Hashable {
    var type: DataType
    var stored: DataType
    var shape: Shape
    var content: Content
  }

  private enum Content: Hashable {
    case numbers(String)
    case place(TensorIdentity)
  }
}
