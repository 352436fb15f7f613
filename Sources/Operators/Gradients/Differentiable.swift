import ModelGraph

/// An operator that says, in terms of other operators, how the loss moves with its inputs.
///
/// The rule stands in the operator's own file. All types are known when it is asked (`Graph.gradients`).
public protocol Differentiable: Operator {
  /// The loss's derivatives by the inputs, from those by the outputs.
  ///
  /// - Returns: for each input its gradient, of the input's shape; nil where there is none (indices, shapes), or where
  ///   nobody wants it.
  /// - Throws: `.unsupported` for a case that has no rule.
  func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?]
}

/// An operator on single elements whose derivative is a factor.
protocol DifferentiableUnary: ElementwiseUnary, Differentiable {
  /// dy / dx for each element.
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID
}

extension DifferentiableUnary {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let slope = try slope(&builder, x: builder.input(0), y: builder.output(0))
    return [try builder.multiply(builder.flow(0), slope)]
  }
}

/// An operator that has a rule for some of its cases only; for others it is first said with other operators.
protocol PartlyDifferentiable: Differentiable {
  /// - Parameter moving: the values whose gradients may be wanted.
  func hasRule(for node: Node, moving: Set<ValueID>) -> Bool
}

/// An operator of steps, whose result does not move with small moves of its input.
protocol Flat: Differentiable {}

extension Flat {
  public func gradients(_ builder: inout GradientBuilder) -> [ValueID?] { [] }
}
