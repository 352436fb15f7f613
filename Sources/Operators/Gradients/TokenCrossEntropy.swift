import BinaryIO
import ModelGraph
import Tensors

/// How badly logits foretell targets: the mean of `-log(softmax(logits)[target])` over the targets that count.
///
/// Not one of the standard's operators: no share of each class is made, and rows that do not count cost nothing.
/// - Shapes: logits `[…, classes]`, targets `[…]` of integers; gives one number, 0 when no target counts.
/// - Source: as PyTorch's `cross_entropy` with `ignore_index`, which gives NaN when none counts.
public struct TokenCrossEntropy: Operator {
  public static let name = "TokenCrossEntropy"
  /// A target that does not count; PyTorch's.
  public static let ignored = -100

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    return [TensorType(try inputs.checkedTargets(), [])]
  }

  /// Sums in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShape(for: inputs)
    let logits = try inputs.required(0)
    let classes = logits.shape[logits.rank - 1]
    let targets = try TokenCrossEntropy.checked(
      inputs.required(1).integers, classes: classes)
    let values = logits.doubles
    var loss = 0.0
    for (row, target) in targets.enumerated() where target >= 0 {
      let row = values[(row * classes)..<((row + 1) * classes)]
      loss -= LogSoftmax().normalise(row)[target]
    }
    let counted = Double(max(targets.count { $0 >= 0 }, 1))
    return [Tensor(scalar: loss / counted).cast(to: logits.dataType)]
  }

  /// The classes that targets name; those that do not count are below 0.
  /// - Throws: `.mismatch` for a target that is no class.
  package static func checked(_ targets: [Int], classes: Int) throws -> [Int] {
    for target in targets where target != ignored && !(0..<classes).contains(target) {
      throw DataError(.mismatch, "the target \(target)", expected: "one of \(classes) classes")
    }
    return targets
  }
}

extension TokenCrossEntropy: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    [
      try builder.add(
        TokenCrossEntropyGradient(), [builder.input(0), builder.input(1), builder.flow(0)]),
      nil,
    ]
  }
}

/// How `TokenCrossEntropy` moves with its logits: `(softmax(logits) - [target]) · flow / targets that count`.
///
/// - Shapes: logits, targets, and the gradient of the loss, one number; gives the logits' shape.
public struct TokenCrossEntropyGradient: Operator {
  public static let name = "TokenCrossEntropyGradient"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    return [TensorType(try inputs.checkedTargets(), inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let logits = try inputs.required(0)
    let classes = logits.shape[logits.rank - 1]
    let targets = try TokenCrossEntropy.checked(
      inputs.required(1).integers, classes: classes)
    guard let flow = try inputs.required(2).doubles.first else { return [logits] }
    let factor = flow / Double(max(targets.count { $0 >= 0 }, 1))
    let values = logits.doubles
    var result = [Double](repeating: 0, count: shape.elementCount)
    for (row, target) in targets.enumerated() where target >= 0 {
      let start = row * classes
      let shares = Softmax().normalise(values[start..<(start + classes)])
      for (column, share) in shares.enumerated() {
        result[start + column] = (share - (column == target ? 1 : 0)) * factor
      }
    }
    return [Tensor(shape: shape, result).cast(to: logits.dataType)]
  }
}

extension OperatorInputs {
  /// The type of logits, whose targets fit.
  fileprivate func checkedTargets() throws -> DataType? {
    let type = try floatingPoint(0, "the logits")
    try checkIndices(self, 1)
    if let logits = try dimensions(0, "the logits", rank: 1...Shape.maximumRank),
      let targets = self[1].dimensions
    {
      guard targets.count == logits.count - 1,
        zip(targets, logits).allSatisfy({ unified($0, $1) != nil }),
        logits.last?.value != 0
      else {
        throw DataError(.mismatch, "targets \(text(targets)) for logits \(text(logits))")
      }
    }
    return type
  }
}
