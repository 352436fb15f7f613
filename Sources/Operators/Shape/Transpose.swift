import BinaryIO
import ModelGraph
import Tensors

/// The axes in another order.
///
/// - Source: ONNX Transpose-25.
public struct Transpose: Operator {
  public static let name = "Transpose"
  /// Axis `i` of the result is axis `permutation[i]` of x; nil reverses the axes.
  public var permutation: [Int]?

  public init(permutation: [Int]? = nil) {
    self.permutation = permutation
  }

  /// The order of the axes for a tensor of some rank.
  /// - Throws: `.mismatch` when the permutation is none of so many axes.
  public func order(rank: Int) throws -> [Int] {
    guard let permutation else { return Array((0..<rank).reversed()) }
    guard permutation.sorted() == Array(0..<rank) else {
      throw DataError(.mismatch, "\(permutation) does not order \(rank) axes")
    }
    return permutation
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    guard let x = inputs[0].dimensions else { return [inputs[0]] }
    return [TensorType(inputs[0].dataType, try order(rank: x.count).map { x[$0] })]
  }

  /// A view.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    return [x.permuted(try order(rank: x.rank))]
  }
}

extension Transpose: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let rank = try builder.shape(builder.input(0)).rank
    let permutation = permutation ?? Array((0..<rank).reversed())
    var inverse = permutation
    for (new, old) in permutation.enumerated() { inverse[old] = new }
    return [try builder.transposed(builder.flow(0), inverse)]
  }
}
