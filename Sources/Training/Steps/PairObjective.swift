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
    TensorType(.int64, [try output.samples(of: columns)])
  }

  public func loss(
    _ output: ValueID, _ targets: ValueID, in graph: inout Graph
  ) throws -> ValueID {
    let (first, others) = try graph.columns(of: output, columns)
    let turned = graph.add(Transpose(permutation: [1, 0]), [others], name: "loss/answers")
    let cosines = graph.add(MatMul(), [first, turned], name: "loss/cosines")
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
    TensorType(.float32, [try output.samples(of: 2)])
  }

  public func loss(
    _ output: ValueID, _ targets: ValueID, in graph: inout Graph
  ) throws -> ValueID {
    let (first, second) = try graph.columns(of: output, 2)
    let product = graph.add(Mul(), [first, second], name: "loss/product")
    let axis = graph.addConstant("loss/axis", Tensor([1]))
    let cosines = graph.add(
      ReduceSum(keepDimensions: false), [product, axis], name: "loss/cosines")
    return try NumberObjective().loss(cosines, targets, in: &graph)
  }
}

extension TensorType {
  /// How many samples of so many texts there are vectors of.
  fileprivate func samples(of columns: Int) throws -> Dimension {
    guard rank == 2, let count = dimensions?.first, (count.value ?? columns) % columns == 0 else {
      throw DataError(
        .unsupported, "an output of \(self)", expected: "vectors [\(columns) · batch, size]")
    }
    return count.value.map { .fixed($0 / columns) } ?? .symbol("samples")
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

  /// The first of each sample's vectors, and all others.
  fileprivate mutating func columns(
    of vectors: ValueID, _ count: Int
  ) throws -> (first: ValueID, others: ValueID) {
    guard let size = self[vectors].type.dimensions?.last?.value else {
      throw DataError(.unsupported, "vectors of \(self[vectors].type)", expected: "a known size")
    }
    let directions = directions(of: vectors)
    let (shape, flat) = (
      addConstant("loss/columns", Tensor([count, -1, size])),
      addConstant("loss/flat", Tensor([-1, size]))
    )
    let apart = add(Reshape(), [directions, shape], name: "loss/apart")
    let zero = addConstant("loss/zero", Tensor(scalar: 0))
    let first = add(Gather(axis: 0), [apart, zero], name: "loss/first")
    let bounds = [1, count, 0].map { addConstant("loss/bound_\($0)", Tensor([$0])) }
    let rest = add(Slice(), [apart] + bounds, name: "loss/rest")
    return (first, add(Reshape(), [rest, flat], name: "loss/others"))
  }
}
