import BinaryIO
import ModelGraph
import Tensors

/// Numbers from start up to (not including) limit, in steps of delta.
///
/// Inputs: start, limit, delta; scalars.
/// - Source: ONNX Range-11.
public struct RangeOf: Operator {
  public static let name = "Range"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    try inputs.number(0)
    let type = try inputs.sameType(0...2)
    guard let numbers = try numbers(inputs) else { return [TensorType(type, [.unknown])] }
    return [TensorType(type, [.fixed(try count(numbers))])]
  }

  /// Start, limit and delta, or nil while they are not known.
  private func numbers(_ inputs: OperatorInputs) throws -> [Tensor]? {
    let tensors = (0..<3).compactMap { inputs.constants[$0] }
    guard tensors.count == 3 else { return nil }
    guard tensors.allSatisfy({ $0.elementCount == 1 }) else {
      throw DataError(.mismatch, "a range between tensors", expected: "scalars")
    }
    return tensors
  }

  private func count(_ numbers: [Tensor]) throws -> Int {
    let values = numbers.map { $0.doubles[0] }
    let count = ((values[1] - values[0]) / values[2]).rounded(.up)
    guard count.isFinite, count <= Double(maximumResultElements) else {
      throw DataError(.limitExceeded, "a range from \(values[0]) to \(values[1]) by \(values[2])")
    }
    return max(0, Int(count))
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let count = try resultShape(for: inputs)[0]
    let (start, delta) = (try inputs.required(0), try inputs.required(2))
    let type = start.dataType
    if type.isFloatingPoint {
      let (first, step) = (start.doubles[0], delta.doubles[0])
      return [Tensor((0..<count).map { first + Double($0) * step }).cast(to: type)]
    }
    let (first, step) = (start.integers[0], delta.integers[0])
    return [Tensor((0..<count).map { first &+ $0 &* step }).cast(to: type)]
  }
}
