import BinaryIO
import ModelGraph
import Tensors

/// Checks that input `index` is one number a channel of x (`[N, C, …]`).
func checkPerChannel(
  _ inputs: OperatorInputs, _ index: Int, _ what: String, _ x: [Dimension]?
) throws {
  guard let numbers = try inputs.dimensions(index, what, rank: 1...1), let x else { return }
  let channels = x.count > 1 ? x[1] : 1
  guard unified(numbers[0], channels) != nil else {
    throw DataError(
      .mismatch, "\(what) is \(numbers[0]) numbers",
      expected: "one for each of \(channels) channels")
  }
}

extension Tensor {
  /// Every element times its channel's factor, plus its channel's summand (channels are axis 1).
  func scaledPerChannel(_ factor: [Double], _ summand: [Double], _ shape: Shape) -> Tensor {
    var values = doubles
    let channels = rank > 1 ? self.shape[1] : 1
    let plane = self.shape.dropFirst(2).reduce(1, *)
    guard !values.isEmpty else { return self }
    for index in values.indices {
      let channel = index / plane % channels
      values[index] = values[index] * factor[channel] + summand[channel]
    }
    return Tensor(shape: shape, values).cast(to: dataType)
  }
}

/// A row less its mean, divided by its standard deviation; with mean and 1 / standard deviation.
func standardised(
  _ row: ArraySlice<Double>, epsilon: Double
) -> (values: [Double], mean: Double, inverse: Double) {
  let mean = row.reduce(0, +) / Double(row.count)
  let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
  let inverse = 1 / (variance + epsilon).squareRoot()
  return (row.map { ($0 - mean) * inverse }, mean, inverse)
}

extension GradientBuilder {
  /// Of groups of channels that are normalised together, then scaled and moved per channel.
  ///
  /// - Source: Group Normalization, Wu and He 2018.
  mutating func gradientsOfGroups(_ groups: Int, epsilon: Double) throws -> [ValueID?] {
    let (flow, x) = (try flow(0), try input(0))
    let shape = try shape(x)
    let others = [0] + Array(2..<shape.rank)
    let column = Shape((0..<shape.rank).map { $0 == 1 ? shape[1] : 1 })
    let size = shape.elementCount / max(shape[0] * groups, 1)
    let grouped = Shape([shape[0], groups, size])
    let rows = try reshaped(x, grouped)
    let middle = try difference(rows, mean(rows, over: [2]))
    let variance = try mean(multiply(middle, middle), over: [2])
    let inverse = try add(Reciprocal(), [add(Sqrt(), [sum(variance, epsilon)])])
    let normal = try multiply(middle, inverse)
    var gradients: [ValueID?] = [nil, nil, nil]
    if wants(0) {
      let scaled = try reshaped(multiply(flow, reshaped(input(1), column)), grouped)
      let along = try multiply(normal, mean(multiply(scaled, normal), over: [2]))
      let moved = try difference(difference(scaled, mean(scaled, over: [2])), along)
      gradients[0] = try reshaped(multiply(moved, inverse), shape)
    }
    if wants(1) {
      gradients[1] = try summed(multiply(flow, reshaped(normal, shape)), over: others)
    }
    if wants(2) { gradients[2] = try summed(flow, over: others) }
    return gradients
  }
}
