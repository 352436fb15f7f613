import BinaryIO
import ModelGraph
import Tensors

/// How the loss moves with what a normalisation over the trailing axes took: `LayerNormalization`, or `RMSNormalization`
/// when not centred.
///
/// `dx = (s - mean(s) - x̂ · mean(s · x̂)) / σ` with `s = flow · scale`, x̂ being what is normalised; without `mean(s)` when not
/// centred.
/// - Shapes: the gradient of the result, x, and the scale of the shape of the trailing axes; gives those of x, scale, bias.
/// - Source: Layer Normalization, Ba et al. 2016; Root Mean Square Layer Normalization, Zhang and Sennrich 2019.
public struct RowNormalizationGradient: Operator {
  public static let name = "RowNormalizationGradient"
  /// The first of the axes that are normalised, counted from the beginning.
  public var axis: Int
  public var epsilon: Double
  public var isCentred: Bool

  public init(axis: Int, epsilon: Double, isCentred: Bool) {
    self.axis = axis
    self.epsilon = epsilon
    self.isCentred = isCentred
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    try inputs.floatingPoint(0)
    let type = try inputs.sameType(0...2)
    try inputs.checkGradient(0, of: inputs[1].dimensions, "the input")
    guard let x = inputs[1].dimensions, let scale = inputs[2].dimensions
    else { return [inputs[1], inputs[2], inputs[2]] }
    guard axis >= 0, axis < x.count, scale.count == x.count - axis,
      zip(scale, x[axis...]).allSatisfy({ unified($0, $1) != nil })
    else {
      throw DataError(.mismatch, "the scale \(text(scale)) from axis \(axis) of \(text(x))")
    }
    return [TensorType(type, x), TensorType(type, scale), TensorType(type, scale)]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shapes = try resultShapes(for: inputs)
    let (flow, x) = (try inputs.required(0).doubles, try inputs.required(1))
    let scale = try inputs.required(2).doubles
    let (xs, columns) = (x.doubles, scale.count)
    var result = [Double](repeating: 0, count: xs.count)
    var (byScale, byBias) = (
      [Double](repeating: 0, count: columns), [Double](repeating: 0, count: columns)
    )
    for start in stride(from: 0, to: xs.count, by: max(columns, 1)) {
      let row = xs[start..<(start + columns)]
      let mean = isCentred ? row.reduce(0, +) / Double(columns) : 0
      let square = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
      let inverse = 1 / (square + epsilon).squareRoot()
      let normal = row.map { ($0 - mean) * inverse }
      let scaled = (0..<columns).map { flow[start + $0] * scale[$0] }
      let middle = isCentred ? scaled.reduce(0, +) / Double(columns) : 0
      let along = zip(scaled, normal).reduce(0) { $0 + $1.0 * $1.1 } / Double(columns)
      for c in 0..<columns {
        result[start + c] = (scaled[c] - middle - normal[c] * along) * inverse
        byScale[c] += flow[start + c] * normal[c]
        byBias[c] += flow[start + c]
      }
    }
    return zip(shapes, [result, byScale, byBias]).map {
      Tensor(shape: $0, $1).cast(to: x.dataType)
    }
  }
}

extension GradientBuilder {
  /// Of a normalisation of the trailing axes; nil where scale and bias stretch to them, for which this has no rule.
  mutating func gradientsOfRows(
    from axis: Int, epsilon: Double, isCentred: Bool
  ) throws -> [ValueID?]? {
    let trailing = Shape(Array(try shape(input(0)).dropFirst(axis)))
    for index in [1, 2] where has(index) {
      guard try shape(input(index)) == trailing else { return nil }
    }
    return try add(
      RowNormalizationGradient(axis: axis, epsilon: epsilon, isCentred: isCentred),
      [flow(0), input(0), input(1)], outputs: 3)
  }
}
