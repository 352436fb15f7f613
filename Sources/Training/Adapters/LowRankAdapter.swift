import BinaryIO
import OrderedCollections
import Tensors

/// Two small matrices beside the weight of a module, and for DoRA the lengths of its rows.
///
/// A module is what a library calls so; its weight may be one of the graph's, or be cut into several (a joined projection to
/// queries, keys and values): these then have A in common, and each its rows of B.
public struct LowRankAdapter: Sendable, Hashable {
  /// A weight of the graph, and the rows of the module's weight that it is.
  public struct Part: Sendable, Hashable {
    public var layer: AdaptableLayer
    public var rows: Range<Int>

    public init(_ layer: AdaptableLayer, rows: Range<Int>) {
      self.layer = layer
      self.rows = rows
    }
  }

  /// The module's name: `encoder.layer.0.attention.self.query`.
  public let module: String
  public let parts: [Part]
  public let rank: Int
  /// What `B(A(x))` is multiplied with.
  public let scale: Double
  public let dropout: Double
  /// Whether it is DoRA's.
  public let isWeightDecomposed: Bool
  /// The module's weight's, with PyTorch's axes.
  public let shape: Shape

  /// - Throws: `.mismatch` when the parts are not all of one module, one after the other.
  public init(
    module: String, parts: [Part], rank: Int, scale: Double, dropout: Double = 0,
    isWeightDecomposed: Bool = false
  ) throws {
    var extents = parts.first?.layer.shape.dimensions ?? []
    var end = 0
    for part in parts {
      guard part.rows.lowerBound == end, part.layer.shape[0] == part.rows.count,
        part.layer.shape.dimensions.dropFirst() == extents.dropFirst()
      else {
        throw DataError(
          .mismatch, "\(part.layer.shape) for rows \(part.rows)", subject: "module '\(module)'")
      }
      end = part.rows.upperBound
    }
    guard extents.count > 1, rank > 0 else {
      throw DataError(.mismatch, "no weight to adapt", subject: "module '\(module)'")
    }
    extents[0] = end
    shape = Shape(extents)
    self.module = module
    self.parts = parts
    self.rank = rank
    self.scale = scale
    self.dropout = dropout
    self.isWeightDecomposed = isWeightDecomposed
  }

  public init(module: String, parts: [Part], _ settings: LowRankSettings) throws {
    try self.init(
      module: module, parts: parts, rank: settings.rank, scale: settings.scale,
      dropout: settings.dropout, isWeightDecomposed: settings.isWeightDecomposed)
  }
}

extension LowRankAdapter {
  /// Names as `peft` has them on disk, after `base_model.model.`.
  public var nameOfA: String { "\(module).lora_A.weight" }
  public var nameOfB: String { "\(module).lora_B.weight" }
  public var nameOfMagnitude: String { "\(module).lora_magnitude_vector" }

  /// What it is made of, with PyTorch's axes: A maps to the rank with the module's kernel, B on with none.
  public var shapes: OrderedDictionary<String, Shape> {
    let kernel = Array(shape.dropFirst(2))
    var shapes: OrderedDictionary<String, Shape> = [
      nameOfA: Shape([rank, shape[1]] + kernel),
      nameOfB: Shape([shape[0], rank] + kernel.map { _ in 1 }),
    ]
    if isWeightDecomposed {
      shapes[nameOfMagnitude] =
        kernel.isEmpty ? [shape[0]] : Shape([1, shape[0]] + kernel.map { _ in 1 })
    }
    return shapes
  }

  /// What an adapter begins with, which changes nothing: A by chance, B zeros, the lengths those of the weight's rows.
  ///
  /// - Parameters:
  ///   - seed: the same seed gives the same numbers, whatever other modules are adapted.
  ///   - weights: the graph's, for DoRA's lengths.
  /// - Source: `peft`'s usual: A is evenly spread within ±1/√inputs.
  public func initialTensors(
    seed: UInt64, weights: (String) throws -> Tensor
  ) throws -> OrderedDictionary<String, Tensor> {
    let shapes = shapes
    let place = module.utf8.reduce(5381) { ($0 &* 33) ^ Int($1) }
    var random = RandomNumbers(seed: seed, 0x6c6f_7261, place)
    let inputs = shape.dropFirst().reduce(1, *)
    let bound = 1 / Double(max(inputs, 1)).squareRoot()
    var tensors: OrderedDictionary<String, Tensor> = [:]
    for (name, shape) in shapes {
      if name == nameOfA {
        tensors[name] = Tensor(
          shape: shape,
          (0..<shape.elementCount).map { _ in Float(random.uniform(in: -bound..<bound)) })
      } else if name == nameOfB {
        tensors[name] = Tensor(zeros: shape, dataType: .float32)
      } else {
        let lengths = try parts.flatMap { try $0.layer.rows(of: weights($0.layer.parameter)) }
          .map { row in Float(row.reduce(0) { $0 + $1 * $1 }.squareRoot()) }
        tensors[name] = Tensor(shape: shape, lengths)
      }
    }
    return tensors
  }
}
