import BinaryIO
import ModelGraph
import Tensors

/// Follows shapes that are computed from shapes, dimension by dimension, and settles what is known.
///
/// `x.view(x.size(0), -1)` arrives as Shape, Gather, Unsqueeze, Concat and Reshape, and becomes a
/// Reshape to `[0, -1]`.
public struct FoldShapes: GraphPass {
  public static let name = "FoldShapes"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    var vectors = ShapeVectors(graph)
    for (index, node) in graph.nodes.enumerated() {
      vectors.follow(node)
      if node.operator is Reshape {
        settleTarget(index, vectors, graph, &patch)
      } else if node.outputs.count == 1, let output = node.outputs[0], !node.inputs.isEmpty,
        let vector = vectors[output], let numbers = vector.numbers
      {
        patch.settle(
          output, Tensor(shape: vector.isScalar ? [] : [numbers.count], numbers.map { Int64($0) }))
        patch.remove(index)
        patch.note(Rewrite(pass: Self.name, removed: [node.name], into: graph[output].name))
      }
    }
    return patch
  }

  /// Gives a Reshape a constant shape: a name that keeps its place becomes 0, one other -1.
  private func settleTarget(
    _ index: Int, _ vectors: ShapeVectors, _ graph: Graph, _ patch: inout GraphPatch
  ) {
    let node = graph.nodes[index]
    guard let reshape = node.operator as? Reshape, !reshape.allowZero, node.inputs.count == 2,
      let x = node.inputs[0], let target = node.inputs[1], graph.constants[target] == nil,
      let wanted = vectors[target], !wanted.isScalar
    else { return }
    let own = graph[x].type.dimensions ?? []
    let numbers = wanted.dimensions.enumerated().map { axis, dimension -> Int in
      if let value = dimension.value { return value }
      guard case .symbol = dimension, own.indices.contains(axis), own[axis] == dimension else {
        return -1
      }
      return 0
    }
    guard numbers.count(where: { $0 == -1 }) <= 1 else { return }
    var simpler = node
    simpler.inputs[1] = patch.addConstant("\(node.name).shape", Tensor(numbers))
    patch.replace(index, with: [simpler])
    patch.note(Rewrite(pass: Self.name, removed: [graph[target].name], into: node.name))
  }
}

/// What is known of the small whole-number tensors of a graph: a dimension for each element.
struct ShapeVectors {
  struct Vector {
    var dimensions: [Dimension]
    var isScalar = false

    var numbers: [Int]? {
      let numbers = dimensions.compactMap(\.value)
      return numbers.count == dimensions.count ? numbers : nil
    }
  }

  private let graph: Graph
  private var known: [ValueID: Vector] = [:]

  init(_ graph: Graph) { self.graph = graph }

  subscript(id: ValueID?) -> Vector? {
    guard let id else { return nil }
    if let vector = known[id] { return vector }
    guard let tensor = graph.constants[id], tensor.dataType == .int64, tensor.rank <= 1,
      tensor.elementCount <= 2 * Shape.maximumRank
    else { return nil }
    return Vector(dimensions: tensor.integers.map { .fixed($0) }, isScalar: tensor.rank == 0)
  }

  /// Learns what a node gives.
  mutating func follow(_ node: Node) {
    guard let output = node.outputs.first ?? nil else { return }
    known[output] = result(node)
  }

  private func result(_ node: Node) -> Vector? {
    let first = self[node.inputs.first ?? nil]
    switch node.operator {
    case let shape as ShapeOf:
      guard let id = node.inputs.first ?? nil, let dimensions = graph[id].type.dimensions else {
        return nil
      }
      return Vector(dimensions: Array(dimensions[shape.range(rank: dimensions.count)]))
    case is Identity: return first
    case let cast as Cast: return cast.target == .int64 ? first : nil
    case is Unsqueeze, is Reshape:
      guard let first, let rank = outputRank(node), rank <= 1, first.dimensions.count == 1 else {
        return nil
      }
      return Vector(dimensions: first.dimensions, isScalar: rank == 0)
    case is Squeeze:
      guard let first, first.dimensions.count == 1 else { return nil }
      return Vector(dimensions: first.dimensions, isScalar: true)
    case is Concat:
      let parts = node.inputs.map { self[$0] }
      guard parts.allSatisfy({ $0 != nil && $0?.isScalar == false }) else { return nil }
      return Vector(dimensions: parts.flatMap { $0?.dimensions ?? [] })
    case let gather as Gather:
      return gathered(first, gather, self[node.inputs.count > 1 ? node.inputs[1] : nil])
    case is Slice: return sliced(first, node)
    case let operation as any ElementwiseBinary where node.inputs.count == 2:
      return combined(operation, first, self[node.inputs[1]])
    default: return nil
    }
  }

  private func outputRank(_ node: Node) -> Int? {
    node.outputs.first.flatMap { $0 }.flatMap { graph[$0].type.rank }
  }

  private func gathered(_ x: Vector?, _ gather: Gather, _ indices: Vector?) -> Vector? {
    guard let x, let indices, let places = indices.numbers, !x.isScalar else { return nil }
    guard gather.axis == 0 || gather.axis == -1 else { return nil }
    let count = x.dimensions.count
    guard places.allSatisfy({ $0 >= -count && $0 < count }) else { return nil }
    return Vector(
      dimensions: places.map { x.dimensions[$0 < 0 ? $0 + count : $0] }, isScalar: indices.isScalar)
  }

  /// The part of a vector that a Slice takes, found by slicing its places.
  private func sliced(_ x: Vector?, _ node: Node) -> Vector? {
    guard let x, !x.isScalar else { return nil }
    let rest = node.inputs.dropFirst().map { $0.flatMap { graph.constants[$0] } }
    guard zip(node.inputs.dropFirst(), rest).allSatisfy({ $0 == nil || $1 != nil }) else {
      return nil
    }
    let places = Tensor(Array(x.dimensions.indices))
    guard let chosen = try? node.operator.evaluate([places] + rest).first else { return nil }
    return Vector(dimensions: chosen.integers.map { x.dimensions[$0] })
  }

  private func combined(
    _ operation: any ElementwiseBinary, _ a: Vector?, _ b: Vector?
  ) -> Vector? {
    guard let a, let b else { return nil }
    let count = max(a.dimensions.count, b.dimensions.count)
    guard [a, b].allSatisfy({ $0.dimensions.count == count || $0.dimensions.count == 1 }) else {
      return nil
    }
    let dimensions = (0..<count).map { i -> Dimension in
      guard let x = a.dimensions[a.dimensions.count == 1 ? 0 : i].value,
        let y = b.dimensions[b.dimensions.count == 1 ? 0 : i].value,
        let z = try? operation.apply(Int64(x), Int64(y))
      else { return .unknown }
      return .fixed(Int(z))
    }
    return Vector(dimensions: dimensions, isScalar: a.isScalar && b.isScalar)
  }
}
