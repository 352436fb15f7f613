import BinaryIO
import ModelGraph
import Tensors

/// Sums of products after Einstein's convention.
///
/// - Source: ONNX Einsum-12.
public struct Einsum: Operator {
  public static let name = "Einsum"
  /// `ij,jk->ik`: one letter an axis, `...` for the axes that stretch.
  public var equation: String

  public init(equation: String) {
    self.equation = equation
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    guard inputs.count >= 1, inputs.types.allSatisfy({ $0 != nil }) else {
      throw DataError(.mismatch, "an input is left out")
    }
    let type = try inputs.sameType(inputs.types.indices)
    let shapes = inputs.types.compactMap { $0?.dimensions }
    guard shapes.count == inputs.count else { return [TensorType(type)] }
    let plan = try EinsumPlan(equation, shapes)
    return [TensorType(type, plan.output.map { plan.extents[$0] ?? .unknown })]
  }

  /// Sums in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let tensors = inputs.compactMap { $0 }
    let plan = try EinsumPlan(equation, tensors.map { $0.shape.map { .fixed($0) } })
    let labels = plan.output + plan.extents.keys.filter { !plan.output.contains($0) }.sorted()
    let extents = labels.map { plan.extents[$0]?.value ?? 1 }
    let total = try bounded(extents).elementCount
    let inner = extents.dropFirst(plan.output.count).reduce(1, *)
    let operands = zip(tensors, plan.operands).map { tensor, own in
      // A label may occur twice (a diagonal): its strides add up. Axes of extent 1 stretch.
      let strides = tensor.shape.contiguousStrides
      let steps = labels.map { label in
        own.indices.reduce(0) {
          own[$1] == label && tensor.shape[$1] != 1 ? $0 + strides[$1] : $0
        }
      }
      return (values: tensor.doubles, places: places(Shape(extents), strides: steps))
    }
    var result = [Double](repeating: 0, count: shape.elementCount)
    for i in 0..<total {
      result[i / inner] += operands.reduce(1) { $0 * $1.values[$1.places[i]] }
    }
    return [Tensor(shape: shape, result).cast(to: tensors[0].dataType)]
  }
}

extension Einsum: Differentiable {
  /// The equation turned round: what flows back, with the other operands, summed over what this one has not.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let inputs = try builder.node.inputs.indices.map { try builder.input($0) }
    let shapes = try inputs.map { try builder.shape($0) }
    let plan = try EinsumPlan(equation, shapes.map { $0.map { .fixed($0) } })
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    let labels = plan.extents.keys.sorted()
    guard labels.count <= letters.count else {
      throw DataError(.unsupported, "'\(equation)', which has \(labels.count) axes")
    }
    let names = Dictionary(uniqueKeysWithValues: zip(labels, letters))
    func term(_ labels: [EinsumPlan.Label]) -> String { String(labels.compactMap { names[$0] }) }
    return try inputs.indices.map { index in
      guard builder.wants(index) else { return nil }
      let own = plan.operands[index]
      guard Set(own).count == own.count else {
        throw DataError(.unsupported, "'\(equation)', which takes a diagonal")
      }
      let others = inputs.indices.filter { $0 != index }
      let known = Set(plan.output + others.flatMap { plan.operands[$0] })
      let kept = own.filter(known.contains)
      let terms = [term(plan.output)] + others.map { term(plan.operands[$0]) }
      let part = try builder.add(
        Einsum(equation: terms.joined(separator: ",") + "->" + term(kept)),
        [builder.flow(0)] + others.map { inputs[$0] })
      let whole = own.map { known.contains($0) ? plan.extents[$0]?.value ?? 1 : 1 }
      let stretched = own.indices.filter { shapes[index][$0] == 1 && whole[$0] != 1 }
      let summed = try builder.summed(
        builder.reshaped(part, Shape(whole)), over: stretched, keep: true)
      return try builder.expanded(summed, to: shapes[index])
    }
  }
}
