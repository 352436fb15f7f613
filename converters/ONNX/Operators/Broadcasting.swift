import BinaryIO
import ModelGraph
import Operators

// Operators on two tensors that stretch to each other.
extension ONNXOperator {
  static let broadcasting = [
    binary(Add.self) { Add() }, binary(Sub.self) { Sub() }, binary(Mul.self) { Mul() },
    binary(Div.self) { Div() }, binary(Pow.self) { Pow() },
    binary(And.self) { And() }, binary(Or.self) { Or() }, binary(Xor.self) { Xor() },
    binary(Equal.self) { Equal() }, binary(Greater.self) { Greater() },
    binary(Less.self) { Less() },
    binary(GreaterOrEqual.self) { GreaterOrEqual() }, binary(LessOrEqual.self) { LessOrEqual() },
  ]

  private static func binary<Ours: Operator>(
    _ ours: Ours.Type, _ make: @escaping @Sendable () -> Ours
  ) -> ONNXOperator {
    ONNXOperator(ours, since: 13) { node in
      try node.emit(make(), try node.alignedInputs())
    } write: {
      $1.emit()
    }
  }
}

extension NodeReading {
  /// Before opset 7 the second tensor stretched only if asked to, from the axis `axis` of the first on.
  fileprivate mutating func alignedInputs() throws -> [ValueID?] {
    let stretches = try flag("broadcast")
    guard opset < 7, stretches, let axis = try integer("axis") else {
      ignore("axis")
      return inputs
    }
    guard let first = rank(0), let second = rank(1) else {
      throw DataError(.unsupported, "a tensor aligned with another of unknown rank")
    }
    let start = axis < 0 ? axis + first : axis
    guard start >= 0, start + second <= first else {
      throw DataError(.malformed, "\(second) axes aligned with axis \(axis) of \(first)")
    }
    if start + second == first { return inputs }
    let axes = constant(Array(second..<(first - start)), "axes")
    return [try input(0), try add(Unsqueeze(), [try input(1), axes], "aligned")]
  }
}
