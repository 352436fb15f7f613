import BinaryIO
import ModelGraph
import Tensors

/// Drops elements by chance, or whole samples, and scales those that stay by 1 / (1 - rate).
///
/// The gradient draws the same numbers again: no mask is kept.
///
/// Not one of the standard's operators, whose `Dropout` draws other numbers in each run.
/// - Shapes: x, and the four integers of a `DropoutKey`; gives x's shape. A sample is what the first axis counts.
/// - Source: Dropout, Srivastava et al. 2014; Deep Networks with Stochastic Depth, Huang et al. 2016.
public struct DropoutInTraining: Operator {
  public static let name = "DropoutInTraining"
  /// The share that is dropped: at least 0 and below 1.
  public var rate: Double
  /// What is dropped or stays as one.
  public var unit: Unit
  /// Tells this place in the graph apart from others.
  public var stream: UInt32

  public enum Unit: Sendable, Hashable { case element, sample }

  public init(rate: Double, unit: Unit = .element, stream: UInt32) {
    precondition((0..<1).contains(rate), "a rate of \(rate)")
    self.rate = rate
    self.unit = unit
    self.stream = stream
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    let type = try inputs.floatingPoint(0)
    try inputs.checkKey(1)
    return [TensorType(type, inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let key = try DropoutKey(inputs.required(1))
    let mask = key.mask(stream: stream, rate: rate)
    let rows = unit == .element ? shape.elementCount : shape.first ?? 1
    let (start, width) = (key.start(of: rows), shape.elementCount / max(rows, 1))
    let values = x.doubles.enumerated().map { index, value in
      let factor = mask.factor(UInt64(start + index / width))
      return factor == 0 ? 0 : value * factor
    }
    return [Tensor(shape: shape, values).cast(to: x.dataType)]
  }
}

extension DropoutInTraining: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    [try builder.add(self, [builder.flow(0), builder.input(1)]), nil]
  }
}

extension OperatorInputs {
  /// - Throws: `.mismatch` unless input `index` is what a `DropoutKey` makes.
  func checkKey(_ index: Int) throws {
    if let type = self[index].dataType, type != .int64 {
      throw DataError(.mismatch, "a key of \(type)", expected: "int64")
    }
    if let key = try dimensions(index, "the key", rank: 1...1) {
      _ = try agreed(key[0], .fixed(DropoutKey.count), "numbers of a key")
    }
  }
}
