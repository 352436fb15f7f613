import ModelGraph
import Tensors

/// The mean over axes.
///
/// - Source: ONNX ReduceMean-18.
public struct ReduceMean: Reduction {
  public static let name = "ReduceMean"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double { row.reduce(0, +) / Double(row.count) }
}

extension ReduceMean: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let x = try builder.input(0)
    let (whole, part) = (try builder.shape(x), try builder.shape(builder.output(0)))
    let share = Double(part.elementCount) / Double(max(whole.elementCount, 1))
    return [try spread(builder.multiply(builder.flow(0), by: share), &builder)]
  }
}
