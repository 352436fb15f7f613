import Kernels
import TestSupport
import Testing

extension VariantTests {
  /// The mean far from zero, and the first row far from the mean, as the corner of a picture is.
  @Test(arguments: [(40, 3), (5000, 7), (1000, 16), (36864, 21), (147, 960)])
  func statisticsOfABatchLoseNothing(rows: Int, channels: Int) {
    let x = (0..<(rows * channels)).map { index -> Float in
      let (row, channel) = (index / channels, index % channels)
      let level = Float(channel % 5) * 20 - 30
      return row == 0 ? level + 90 : level + Float((index * 7919) % 1013) / 506 - 1
    }
    var exact: [(mean: Double, variance: Double)] = []
    for channel in 0..<channels {
      let own = stride(from: channel, to: x.count, by: channels).map { Double(x[$0]) }
      let mean = own.reduce(0, +) / Double(rows)
      let squares = own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      exact.append((mean, squares / Double(rows)))
    }
    let kernel = ChannelNormalization(rows: rows, channels: channels, epsilon: 0)
    eachInstructionSet { isa in
      let (mean, variance) = (FloatView(zeros: channels), FloatView(zeros: channels))
      let result = FloatView(zeros: x.count)
      kernel.normalise(
        FloatView(x), scale: FloatView([Float](repeating: 1, count: channels)),
        bias: FloatView(zeros: channels), mean: mean, variance: variance, into: result,
        scratch: FloatView(zeros: kernel.scratchCount))
      let y = result.array
      for channel in 0..<channels {
        let (wanted, spread) = (exact[channel], exact[channel].variance.squareRoot())
        #expect(ulps(mean[channel], wanted.mean) <= 1, "\(isa)")
        #expect(abs(Double(variance[channel]) / wanted.variance - 1) < 6e-7, "\(isa)")
        for index in stride(from: channel, to: x.count, by: channels) {
          let normal = (Double(x[index]) - wanted.mean) / spread
          if abs(Double(y[index]) - normal) > 4e-7 * max(1, abs(normal)) {
            Issue.record("\(isa): \(y[index]), not \(normal), at \(index)")
            return
          }
        }
      }
    }
  }
}
