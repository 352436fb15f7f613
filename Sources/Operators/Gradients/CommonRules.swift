import BinaryIO
import ModelGraph
import Tensors

// Rules that several operators share.
extension GradientBuilder {
  /// Of the greatest or smallest of several inputs: to those that are it, divided among equals.
  mutating func gradientsOfExtreme() throws -> [ValueID?] {
    let (flow, y) = (try flow(0), try output(0))
    var chosen: [ValueID] = []
    for index in node.inputs.indices {
      chosen.append(try indicator(add(Equal(), [input(index), y]), like: y))
    }
    let share = try divide(flow, chosen.count > 1 ? add(Sum(), chosen) : chosen[0])
    return try node.inputs.indices.map { index in
      guard wants(index) else { return nil }
      return try summed(multiply(share, chosen[index]), like: input(index))
    }
  }

  /// What flows to the numbers of the input that equal the extreme among those along `axes`, divided among equals.
  ///
  /// - Parameters: the extreme and its gradient stretch to the input.
  mutating func gradientOfExtreme(
    _ extreme: ValueID, _ flow: ValueID, over axes: [Int]
  ) throws -> ValueID {
    let x = try input(0)
    let chosen = try indicator(add(Equal(), [x, extreme]), like: x)
    let count = try summed(chosen, over: axes, keep: true)
    return try multiply(flow, divide(chosen, count))
  }

  /// Of `(x - mean) / √(variance + epsilon) · scale + bias` over `axes`; without the mean when not `centred`.
  ///
  /// - Source: Layer Normalization, Ba et al. 2016; Root Mean Square Layer Normalization, Zhang and Sennrich 2019.
  mutating func gradientsOfNormalization(
    axes: [Int], epsilon: Double, centred: Bool
  ) throws -> [ValueID?] {
    let (flow, x, scale) = (try flow(0), try input(0), try input(1))
    var middle = x
    if centred { middle = try difference(x, mean(x, over: axes)) }
    let variance = try mean(multiply(middle, middle), over: axes)
    let inverse = try add(Reciprocal(), [add(Sqrt(), [sum(variance, epsilon)])])
    let normal = try multiply(middle, inverse)
    var gradients: [ValueID?] = [nil, nil, nil]
    if wants(0) {
      let scaled = try multiply(flow, scale)
      var moved = try difference(
        scaled, multiply(normal, mean(multiply(scaled, normal), over: axes)))
      if centred { moved = try difference(moved, mean(scaled, over: axes)) }
      gradients[0] = try multiply(moved, inverse)
    }
    if wants(1) { gradients[1] = try summed(multiply(flow, normal), like: scale) }
    if wants(2) { gradients[2] = try summed(flow, like: input(2)) }
    return gradients
  }

  mutating func mean(_ x: ValueID, over axes: [Int]) throws -> ValueID {
    try add(ReduceMean(keepDimensions: true), [x, integers(axes)])
  }
}

extension Reduction {
  /// The axes that are gone, or 1.
  func reducedAxes(_ builder: GradientBuilder) throws -> [Int] {
    let rank = try builder.shape(builder.input(0)).rank
    guard let axes = try axes(builder.inputs, rank: rank) else {
      throw DataError(.unsupported, "axes that are computed")
    }
    return axes.sorted()
  }

  /// Of the greatest or smallest: to the numbers that are it, divided among equals.
  func gradientsOfExtreme(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let axes = try reducedAxes(builder)
    return [
      try builder.gradientOfExtreme(
        spread(builder.output(0), &builder), spread(builder.flow(0), &builder), over: axes)
    ]
  }

  /// A value of the result's shape, once for each of the numbers that it was made of.
  func spread(_ value: ValueID, _ builder: inout GradientBuilder) throws -> ValueID {
    let shape = try builder.shape(builder.input(0))
    var kept = shape.dimensions
    for axis in try reducedAxes(builder) { kept[axis] = 1 }
    return try builder.expanded(builder.reshaped(value, Shape(kept)), to: shape)
  }
}

// Norms: the p-th root of the sum of p-th powers of sizes.
extension GradientBuilder {
  /// Of a value along axes, which stay with extent 1.
  mutating func norm(_ x: ValueID, _ p: Int, over axes: [Int]) throws -> ValueID {
    let sum = try summed(powerOfSize(x, p), over: axes, keep: true)
    switch p {
    case 1: return sum
    case 2: return try add(Sqrt(), [sum])
    default: return try add(Pow(), [sum, number(1 / Double(p), like: x)])
    }
  }

  /// `sign(x) (|x| / norm)^(p - 1)`: what the norm gains by x; nothing where it is zero.
  mutating func slopeOfNorm(_ x: ValueID, _ norm: ValueID, _ p: Int) throws -> ValueID {
    try quotient(signedPower(x, p - 1), powerOfSize(norm, p - 1))
  }

  /// `|x|^n`.
  mutating func powerOfSize(_ x: ValueID, _ n: Int) throws -> ValueID {
    switch n {
    case 1: try add(Abs(), [x])
    case 2: try multiply(x, x)
    default: try add(Pow(), [add(Abs(), [x]), number(Double(n), like: x)])
    }
  }

  /// `sign(x) |x|^n`.
  mutating func signedPower(_ x: ValueID, _ n: Int) throws -> ValueID {
    switch n {
    case 0: try add(Sign(), [x])
    case 1: x
    default: try multiply(add(Sign(), [x]), powerOfSize(x, n))
    }
  }

  /// `a / b`, and zero where b is.
  mutating func quotient(_ a: ValueID, _ b: ValueID) throws -> ValueID {
    let (zero, one) = (number(0, like: b), number(1, like: b))
    let isZero = try add(Equal(), [b, zero])
    return try add(Where(), [isZero, zero, divide(a, add(Where(), [isZero, one, b]))])
  }
}
