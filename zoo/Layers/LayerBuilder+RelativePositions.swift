import Glibc
import ModelGraph
import Operators
import Tensors

/// The bias of relative positions, as T5 has it.
extension LayerBuilder {
  /// What is added to the scores of each head, by how far key and query lie apart: `[batch, heads, queries, keys]`.
  ///
  /// - Parameters:
  ///   - queries: their positions, `[batch, queries]`; a batch of 1 is for all.
  ///   - keys: theirs, `[1, keys]`.
  /// - Source: Raffel et al., "T5" (2019), as in transformers' `relative_position_bucket`.
  mutating func relativeBias(
    of queries: ValueID, to keys: ValueID, _ name: String, buckets: Int, heads: Int,
    isBidirectional: Bool = true, farthest: Int = 128
  ) throws -> ValueID {
    let table = try parameter("\(name).weight", [buckets, heads])
    let row = graph.add(Unsqueeze(), [keys, integers("axis_1", [1])], name: "\(name).keys")
    let column = graph.add(
      Unsqueeze(), [queries, integers("axis_last", [-1])], name: "\(name).queries")
    let apart = graph.add(Sub(), [row, column], name: "\(name).apart")
    // Beyond the farthest distance all are alike, so a table of that many is enough
    let bounds = (integer("least_\(farthest)", -farthest), integer("most_\(farthest)", farthest))
    let near = graph.add(Clip(), [apart, bounds.0, bounds.1], name: "\(name).near")
    let index = graph.add(Add(), [near, bounds.1], name: "\(name).index")
    let kinds = constant(
      "\(name).buckets",
      Tensor(
        (-farthest...farthest).map {
          Int64(
            Self.bucket(
              of: $0, among: buckets, isBidirectional: isBidirectional, farthest: farthest))
        }))
    let bucket = graph.add(Gather(axis: 0), [kinds, index], name: "\(name).bucket")
    let rows = graph.add(Gather(axis: 0), [table, bucket], name: "\(name).rows")
    return graph.add(Transpose(permutation: [0, 3, 1, 2]), [rows], name: name)
  }

  /// Near distances have a bucket each, far ones share them logarithmically.
  static func bucket(
    of distance: Int, among buckets: Int, isBidirectional: Bool, farthest: Int
  ) -> Int {
    let half = isBidirectional ? buckets / 2 : buckets
    let first = isBidirectional && distance > 0 ? half : 0
    let apart = isBidirectional ? abs(distance) : max(-distance, 0)
    let exact = half / 2
    guard apart >= exact, exact > 0 else { return first + min(apart, max(half - 1, 0)) }
    // In Float, as the libraries compute it: a bucket's edge is a matter of rounding
    let part =
      Glibc.logf(Float(apart) / Float(exact)) / Float(Glibc.log(Double(farthest) / Double(exact)))
    return first + min(exact + Int(part * Float(half - exact)), half - 1)
  }
}
