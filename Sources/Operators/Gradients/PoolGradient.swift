import BinaryIO
import ModelGraph
import Tensors

/// How the loss moves with the input of a pooling, from how it moves with the result.
///
/// Not one of the standard's operators.
/// - Shapes: x `[N, C, …]`, the gradient of the result `[N, C, …]`; gives x's shape.
public struct PoolGradient: Operator {
  public static let name = "PoolGradient"
  public var pool: Pool
  /// The window along each spatial axis.
  public var axes: [WindowAxis]

  /// What a window becomes.
  public enum Pool: Sendable, Hashable {
    /// The greatest; the first of equals, as in PyTorch.
    case maximum
    /// The mean; whether padding counts as elements that are zero.
    case average(countsPadding: Bool)
  }

  public init(_ pool: Pool, _ axes: [WindowAxis]) {
    self.pool = pool
    self.axes = axes
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.floatingPoint(0)
    let type = try inputs.sameType(0...1)
    guard let x = inputs[0].dimensions, let flow = inputs[1].dimensions else {
      return [TensorType(type, inputs[0].dimensions)]
    }
    guard x.count == axes.count + 2, flow.count == x.count, unified(x[0], flow[0]) != nil,
      unified(x[1], flow[1]) != nil,
      zip(axes, x.dropFirst(2)).allSatisfy({ unified(.fixed($0.input), $1) != nil }),
      zip(axes, flow.dropFirst(2)).allSatisfy({ unified(.fixed($0.output), $1) != nil })
    else {
      throw DataError(
        .mismatch, "the gradient \(text(flow)) does not fit the input \(text(x))")
    }
    return [TensorType(type, x)]
  }

  /// Sums in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let (x, flow) = (try inputs.required(0), try inputs.required(1).doubles)
    var result = [Double](repeating: 0, count: shape.elementCount)
    poolWindows(x, axes) { output, place, plane, values, taps in
      switch pool {
      case .maximum:
        var best: Tap?
        for tap in taps
        where best.map({ values[plane + tap.input] > values[plane + $0.input] }) ?? true {
          best = tap
        }
        if let best { result[plane + best.input] += flow[output] }
      case .average(let countsPadding):
        let count =
          countsPadding
          ? zip(axes, place).reduce(1.0) { $0 * Double($1.0.paddedCount(at: $1.1)) }
          : Double(taps.count)
        for tap in taps { result[plane + tap.input] += flow[output] / max(count, 1) }
      }
    }
    return [Tensor(shape: shape, result).cast(to: x.dataType)]
  }
}
