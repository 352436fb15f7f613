import Kernels
import TestSupport
import Testing

extension VariantTests {
  @Suite struct ImageTests {
    typealias Geometry = ConvolutionGeometry

    static func pool(
      _ input: (Int, Int, Int), kernel: (Int, Int), strides: (Int, Int) = (1, 1),
      dilations: (Int, Int) = (1, 1), begin: (Int, Int) = (0, 0), end: (Int, Int) = (0, 0),
      output: (height: Int, width: Int)? = nil
    ) -> Geometry {
      Geometry(
        batch: 2, input: (input.0, input.1, input.2), outputChannels: input.2, kernel: kernel,
        strides: strides, dilations: dilations, padsBegin: begin, padsEnd: end, groups: input.2,
        output: output)
    }

    static let geometries = [
      pool((6, 7, 16), kernel: (2, 2), strides: (2, 2)),
      pool((9, 9, 37), kernel: (3, 3), strides: (2, 2), begin: (1, 1), end: (1, 1)),
      pool((5, 8, 1), kernel: (3, 2), begin: (2, 0), end: (0, 1)),
      pool((8, 8, 21), kernel: (3, 3), dilations: (2, 3), begin: (1, 2), end: (2, 3)),
      // Ceil mode: the last windows hang over the padding.
      pool((6, 6, 5), kernel: (3, 3), strides: (2, 2), begin: (1, 1), end: (1, 1), output: (4, 4)),
    ]

    @Test(arguments: geometries)
    func poolingMatchesReference(geometry g: Geometry) {
      var noise = Noise()
      let x = noise.floats(g.inputCount)
      eachInstructionSet { isa in
        let (most, mean, padded) = (
          FloatView(zeros: g.outputCount), FloatView(zeros: g.outputCount),
          FloatView(zeros: g.outputCount)
        )
        let pool = ThreadPool(threads: 2)
        Pooling.maximum(FloatView(x), geometry: g, into: most, pool: pool)
        Pooling.average(FloatView(x), geometry: g, countsPadding: false, into: mean, pool: pool)
        Pooling.average(FloatView(x), geometry: g, countsPadding: true, into: padded, pool: pool)
        var index = 0
        for n in 0..<g.batch {
          for oy in 0..<g.outputHeight {
            for ox in 0..<g.outputWidth {
              for c in 0..<g.channels {
                var (greatest, sum, inside, counted) = (-Float.infinity, 0.0, 0, 0)
                for h in 0..<g.kernelHeight {
                  for w in 0..<g.kernelWidth {
                    let iy = oy * g.strideHeight - g.padTop + h * g.dilationHeight
                    let ix = ox * g.strideWidth - g.padLeft + w * g.dilationWidth
                    if iy < g.height + g.padBottom && ix < g.width + g.padRight { counted += 1 }
                    guard iy >= 0, iy < g.height, ix >= 0, ix < g.width else { continue }
                    let value = x[((n * g.height + iy) * g.width + ix) * g.channels + c]
                    greatest = max(greatest, value)
                    sum += Double(value)
                    inside += 1
                  }
                }
                #expect(most[index] == greatest)
                #expect(abs(Double(mean[index]) - sum / Double(inside)) <= 1e-6)
                #expect(abs(Double(padded[index]) - sum / Double(counted)) <= 1e-6)
                index += 1
              }
            }
          }
        }
      }
    }

    @Test func maximumPoolingKeepsNaN() {
      let geometry = Self.pool((1, 2, 17), kernel: (1, 2))
      var x = Array(repeating: Float(1), count: geometry.inputCount)
      x[3] = .nan
      eachInstructionSet { _ in
        let result = FloatView(zeros: geometry.outputCount)
        Pooling.maximum(FloatView(x), geometry: geometry, into: result)
        #expect(result[3].isNaN && result[4] == 1)
      }
    }

    @Test(arguments: [1, 3, 16, 19])
    func resizesByMaps(channels: Int) {
      var noise = Noise()
      let (height, width) = (4, 5)
      let x = noise.floats(2 * height * width * channels)
      let (rows, columns): ([Float], [Float]) = ([-0.25, 0.5, 1.25, 3.5], [0, 0.75, 4, 2.5, 1, 9])
      eachInstructionSet { _ in
        let linear = FloatView(zeros: 2 * 4 * 6 * channels)
        Resize.resize(
          FloatView(x), batch: 2, channels: channels, vertical: AxisMap(linear: rows, of: height),
          horizontal: AxisMap(linear: columns, of: width), into: linear,
          pool: ThreadPool(threads: 2))
        let nearest = FloatView(zeros: 2 * 2 * 3 * channels)
        Resize.resize(
          FloatView(x), batch: 2, channels: channels,
          vertical: AxisMap(nearest: [3, 1], of: height),
          horizontal: AxisMap(nearest: [0, 4, 2], of: width), into: nearest)
        func at(_ n: Int, _ y: Int, _ x0: Int, _ c: Int) -> Double {
          Double(x[((n * height + min(y, height - 1)) * width + min(x0, width - 1)) * channels + c])
        }
        for n in 0..<2 {
          for c in 0..<channels {
            for (oy, row) in rows.enumerated() {
              for (ox, column) in columns.enumerated() {
                let (y, x) = (min(max(row, 0), 3), min(max(column, 0), 4))
                let (y0, x0) = (Int(y), Int(x))
                let (fy, fx) = (Double(y) - Double(y0), Double(x) - Double(x0))
                let exact =
                  (at(n, y0, x0, c) * (1 - fx) + at(n, y0, x0 + 1, c) * fx) * (1 - fy)
                  + (at(n, y0 + 1, x0, c) * (1 - fx) + at(n, y0 + 1, x0 + 1, c) * fx) * fy
                let found = linear[((n * 4 + oy) * 6 + ox) * channels + c]
                #expect(abs(Double(found) - exact) <= 5e-7)
              }
            }
            for (oy, row) in [3, 1].enumerated() {
              for (ox, column) in [0, 4, 2].enumerated() {
                let found = nearest[((n * 2 + oy) * 3 + ox) * channels + c]
                #expect(Double(found) == at(n, row, column, c))
              }
            }
          }
        }
      }
    }

    static let transposed: [Geometry] = [
      // Geometries of the convolution that is transposed.
      Geometry(
        batch: 2, input: (8, 10, 6), outputChannels: 5, kernel: (2, 2), strides: (2, 2)),
      Geometry(
        input: (9, 8, 16), outputChannels: 20, kernel: (3, 4), strides: (2, 1), dilations: (2, 1),
        padsBegin: (1, 2), padsEnd: (2, 1)),
      Geometry(
        input: (7, 7, 12), outputChannels: 8, kernel: (3, 3), strides: (2, 2), padsBegin: (1, 1),
        padsEnd: (1, 1), groups: 4),
    ]

    @Test(arguments: transposed)
    func transposedConvolutionMatchesReference(geometry g: Geometry) {
      var noise = Noise()
      let x = noise.floats(g.outputCount)
      let bias = noise.floats(g.channels)
      let per = g.inputChannelsPerGroup
      let weight = noise.floats(g.outputChannels * per * g.kernelCount)
      var reference = Reference(count: g.inputCount)
      for index in 0..<g.inputCount { reference.add(Double(bias[index % g.channels]), to: index) }
      var from = 0
      for n in 0..<g.batch {
        for oy in 0..<g.outputHeight {
          for ox in 0..<g.outputWidth {
            for o in 0..<g.outputChannels {
              let group = o / g.outputChannelsPerGroup
              for h in 0..<g.kernelHeight {
                for w in 0..<g.kernelWidth {
                  let iy = oy * g.strideHeight - g.padTop + h * g.dilationHeight
                  let ix = ox * g.strideWidth - g.padLeft + w * g.dilationWidth
                  guard iy >= 0, iy < g.height, ix >= 0, ix < g.width else { continue }
                  for c in 0..<per {
                    let k = ((o * per + c) * g.kernelHeight + h) * g.kernelWidth + w
                    reference.add(
                      Double(x[from]) * Double(weight[k]),
                      to: ((n * g.height + iy) * g.width + ix) * g.channels + group * per + c)
                  }
                }
              }
              from += 1
            }
          }
        }
      }
      eachInstructionSet { isa in
        let convolution = TransposedConvolution(
          .oihw(FloatView(weight), for: g), groups: g.groups, instructionSet: isa)
        let result = FloatView(zeros: g.inputCount)
        convolution.convolve(
          FloatView(x), geometry: g, into: result,
          scratch: FloatView(zeros: convolution.scratchCount(g)), bias: FloatView(bias),
          pool: ThreadPool(threads: 2))
        expectClose(result, reference, terms: g.outputChannelsPerGroup * g.kernelCount)
      }
    }
  }
}
