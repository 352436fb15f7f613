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
