import BinaryIO
import ModelGraph
import Tensors

/// An operator whose attributes are settled, but which is not computed yet.
public protocol ProvisionalOperator: Operator {}

extension ProvisionalOperator {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] { [.unknown] }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    throw DataError(.unsupported, "is not computed yet", subject: "operator '\(name)'")
  }
}
