import BinaryIO
import ModelGraph
import Operators
import Tensors

/// Vectors of texts that belong together lie closer than those of the batch's other texts.
///
/// The texts of a sample stand in columns: what is asked, what answers it, perhaps what seems to; all first texts of a
/// batch come first, then all second ones, and so on. The loss is the cross-entropy between `softmax(scale · cosine)` over all
/// answers of the batch and the sample's own.
/// - Shapes: vectors `[columns · batch, size]`, targets `[batch]` int64: 0, 1, 2 …
/// - Source: sentence-transformers' `MultipleNegativesRankingLoss`.
public struct ContrastiveObjective: Objective {
  /// How many texts a sample has.
  public var columns: Int
  /// The inverse of a temperature.
  public var scale: Double

  public init(columns: Int = 2, scale: Double = 20) {
    precondition(columns > 1, "pairs of \(columns) texts")
    self.columns = columns
    self.scale = scale
  }

  public func targets(for output: TensorType) throws -> TensorType {
    TensorType(.int64, [.fixed(try output.samples(of: columns))])
  }

  public func loss(
    _ output: ValueID, _ targets: ValueID, in graph: inout Graph
  ) throws -> ValueID {
    let count = try graph[output].type.samples(of: columns)
    let directions = graph.directions(of: output)
    let parts = graph.parts(of: directions, [count, (columns - 1) * count])
    let turned = graph.add(Transpose(permutation: [1, 0]), [parts[1]], name: "loss/answers")
    let cosines = graph.add(MatMul(), [parts[0], turned], name: "loss/cosines")
    let factor = graph.addConstant("loss/scale", Tensor(scalar: Float(scale)))
    let scores = graph.add(Mul(), [cosines, factor], name: "loss/scores")
    return graph.add(TokenCrossEntropy(), [scores, targets], name: "loss")
  }
}

/// The cosine between two texts' vectors is their score: the mean squared difference.
///
/// - Shapes: vectors `[2 · batch, size]`, first texts before second ones, targets `[batch]`.
/// - Source: sentence-transformers' `CosineSimilarityLoss`.
public struct SimilarityObjective: Objective {
  public init() {}

  public func targets(for output: TensorType) throws -> TensorType {
    TensorType(.float32, [.fixed(try output.samples(of: 2))])
  }

  public func loss(
    _ output: ValueID, _ targets: ValueID, in graph: inout Graph
  ) throws -> ValueID {
    let count = try graph[output].type.samples(of: 2)
    let directions = graph.directions(of: output)
    let parts = graph.parts(of: directions, [count, count])
    let product = graph.add(Mul(), [parts[0], parts[1]], name: "loss/product")
    let axis = graph.addConstant("loss/axis", Tensor([1]))
    let cosines = graph.add(
      ReduceSum(keepDimensions: false), [product, axis], name: "loss/cosines")
    return try NumberObjective().loss(cosines, targets, in: &graph)
  }
}

extension TensorType {
  /// How many samples of so many texts there are vectors of.
  fileprivate func samples(of columns: Int) throws -> Int {
    guard rank == 2, let count = dimensions?.first?.value, count % columns == 0 else {
      throw DataError(
        .unsupported, "an output of \(self)", expected: "vectors [\(columns) · batch, size]")
    }
    return count / columns
  }
}

extension Graph {
  /// Vectors of the length 1.
  fileprivate mutating func directions(of vectors: ValueID) -> ValueID {
    let axis = addConstant("loss/last", Tensor([1]))
    let least = addConstant("loss/least", Tensor(scalar: Float(1e-12)))
    let square = add(ReduceSumSquare(), [vectors, axis], name: "loss/squares")
    let length = add(Sqrt(), [square], name: "loss/lengths")
    let bounded = add(Max(), [length, least], name: "loss/bounded")
    return add(Div(), [vectors, bounded], name: "loss/directions")
  }

  fileprivate mutating func parts(of x: ValueID, _ extents: [Int]) -> [ValueID] {
    let ids = extents.indices.map { addValue("loss/part_\($0)") }
    let sizes = addConstant("loss/extents", Tensor(extents))
    nodes.append(
      Node(
        name: "loss/parts", Split(axis: 0, outputCount: extents.count), inputs: [x, sizes],
        outputs: ids))
    return ids
  }
}
