import Kernels
import Testing

@Suite struct ConvolutionTests {
  typealias Geometry = ConvolutionGeometry

  static let geometries: [Geometry] = [
    Geometry(
      input: (5, 7, 3), outputChannels: 5, kernel: (3, 3), padsBegin: (1, 1), padsEnd: (1, 1)),
    Geometry(
      batch: 2, input: (9, 8, 3), outputChannels: 33, kernel: (7, 7), strides: (2, 2),
      padsBegin: (3, 3), padsEnd: (3, 3)),
    Geometry(batch: 2, input: (6, 5, 17), outputChannels: 33, kernel: (1, 1)),
    Geometry(input: (7, 7, 16), outputChannels: 8, kernel: (1, 1), strides: (2, 2)),
    Geometry(
      input: (8, 9, 20), outputChannels: 48, kernel: (3, 2), strides: (1, 2), dilations: (2, 3),
      padsBegin: (2, 0), padsEnd: (1, 3)),
    Geometry(
      input: (6, 6, 4), outputChannels: 9, kernel: (5, 5), dilations: (1, 2), padsBegin: (4, 5),
      padsEnd: (4, 5)),
    Geometry(
      input: (1, 1, 8), outputChannels: 4, kernel: (3, 3), padsBegin: (1, 1), padsEnd: (1, 1)),
    Geometry(
      input: (3, 4, 2), outputChannels: 3, kernel: (2, 3), padsBegin: (1, 2), padsEnd: (2, 1),
      output: (height: 7, width: 8)),
    Geometry(
      input: (6, 6, 64), outputChannels: 64, kernel: (3, 3), padsBegin: (1, 1), padsEnd: (1, 1),
      groups: 16),
    Geometry(
      batch: 2, input: (5, 5, 24), outputChannels: 36, kernel: (3, 3), strides: (2, 2),
      padsBegin: (0, 1), padsEnd: (1, 0), groups: 3),
    Geometry(input: (4, 4, 6), outputChannels: 12, kernel: (3, 3), groups: 6),
    Geometry(
      input: (4, 5, 80), outputChannels: 80, kernel: (3, 3), padsBegin: (1, 1), padsEnd: (1, 1),
      groups: 2),
    Geometry(
      input: (4, 5, 32), outputChannels: 160, kernel: (1, 1), groups: 4),
    Geometry(
      input: (1, 40, 2), outputChannels: 3, kernel: (1, 17), padsBegin: (0, 8), padsEnd: (0, 8)),
  ]

  static func reference(
    _ x: [Float], _ weight: [Float], _ g: Geometry, epilogue: Epilogue = .none
  ) -> Reference {
    var result = Reference(count: g.outputCount)
    var index = 0
    let inputs = g.inputChannelsPerGroup
    for n in 0..<g.batch {
      for oy in 0..<g.outputHeight {
        for ox in 0..<g.outputWidth {
          for o in 0..<g.outputChannels {
            let group = o / g.outputChannelsPerGroup
            for h in 0..<g.kernelHeight {
              let iy = oy * g.strideHeight - g.padTop + h * g.dilationHeight
              guard iy >= 0, iy < g.height else { continue }
              for w in 0..<g.kernelWidth {
                let ix = ox * g.strideWidth - g.padLeft + w * g.dilationWidth
                guard ix >= 0, ix < g.width else { continue }
                for c in 0..<inputs {
                  let input = ((n * g.height + iy) * g.width + ix) * g.channels + group * inputs + c
                  let k = ((o * inputs + c) * g.kernelHeight + h) * g.kernelWidth + w
                  result.add(Double(x[input]) * Double(weight[k]), to: index)
                }
              }
            }
            if let bias = epilogue.bias { result.add(Double(bias[o]), to: index) }
            if let residual = epilogue.residual { result.add(Double(residual[index]), to: index) }
            let clamp = epilogue.clamp
            result.values[index] = min(
              max(result.values[index], Double(clamp.minimum)), Double(clamp.maximum))
            index += 1
          }
        }
      }
    }
    return result
  }

  @Test(arguments: InstructionSet.available, geometries)
  func matchesReference(_ isa: InstructionSet, geometry: Geometry) {
    var noise = Noise()
    let x = noise.floats(geometry.inputCount)
    let weight = noise.floats(
      geometry.outputChannels * geometry.inputChannelsPerGroup * geometry.kernelCount)
    let convolution = PackedConvolution(
      .oihw(FloatView(weight), for: geometry), groups: geometry.groups, instructionSet: isa)
    for epilogue in [
      .none, Epilogue(bias: noise.view(geometry.outputChannels), clamp: .relu6),
      Epilogue(
        bias: noise.view(geometry.outputChannels), residual: noise.view(geometry.outputCount)),
    ] {
      let (result, shared) = (
        FloatView(zeros: geometry.outputCount), FloatView(zeros: geometry.outputCount)
      )
      convolution.convolve(FloatView(x), geometry: geometry, into: result, epilogue: epilogue)
      expectClose(
        result, Self.reference(x, weight, geometry, epilogue: epilogue),
        terms: geometry.inputChannelsPerGroup * geometry.kernelCount + 2, "\(geometry)")
      convolution.convolve(
        FloatView(x), geometry: geometry, into: shared, epilogue: epilogue,
        pool: ThreadPool(threads: 3))
      #expect(result.array == shared.array)
    }
  }

  @Test(arguments: [3, 12, 13, 14, 15])
  func crossesBlocksOfRows(index: Int) {
    // Enough pixels that one call works on several blocks.
    let geometries = [
      3: Geometry(
        input: (40, 41, 3), outputChannels: 8, kernel: (5, 5), padsBegin: (2, 2), padsEnd: (2, 2)),
      12: Geometry(
        input: (30, 31, 16), outputChannels: 40, kernel: (3, 3), padsBegin: (1, 1),
        padsEnd: (1, 1)),
      13: Geometry(input: (40, 31, 200), outputChannels: 8, kernel: (1, 1), strides: (1, 1)),
      14: Geometry(
        input: (33, 31, 32), outputChannels: 32, kernel: (3, 3), padsBegin: (1, 1),
        padsEnd: (1, 1), groups: 8),
      // Packed, in several passes that end inside a position.
      15: Geometry(
        input: (4, 4, 160), outputChannels: 260, kernel: (3, 3), padsBegin: (1, 1),
        padsEnd: (1, 1)),
    ]
    guard let geometry = geometries[index] else { return }
    var noise = Noise()
    let x = noise.floats(geometry.inputCount)
    let weight = noise.floats(
      geometry.outputChannels * geometry.inputChannelsPerGroup * geometry.kernelCount)
    let exact = Self.reference(x, weight, geometry)
    for (isa, usesOpenBLAS) in InstructionSet.available.map({ ($0, false) }) + [(.baseline, true)] {
      let convolution = PackedConvolution(
        .oihw(FloatView(weight), for: geometry), groups: geometry.groups, instructionSet: isa,
        usesOpenBLAS: usesOpenBLAS)
      let result = FloatView(zeros: geometry.outputCount)
      convolution.convolve(FloatView(x), geometry: geometry, into: result)
      expectClose(
        result, exact, terms: geometry.inputChannelsPerGroup * geometry.kernelCount,
        "\(geometry) \(isa)")
    }
  }

  @Test func openBLASAddsResidualsAndBiasesOfGroups() {
    let geometry = Geometry(
      batch: 2, input: (9, 10, 96), outputChannels: 70, kernel: (3, 3), strides: (2, 1),
      padsBegin: (1, 0), padsEnd: (0, 1), groups: 2)
    var noise = Noise()
    let x = noise.floats(geometry.inputCount)
    let weight = noise.floats(70 * 48 * 9)
    let epilogue = Epilogue(
      bias: noise.view(70), residual: noise.view(geometry.outputCount), clamp: .relu)
    let convolution = PackedConvolution(
      .oihw(FloatView(weight), for: geometry), groups: 2, instructionSet: .baseline)
    let (result, shared) = (
      FloatView(zeros: geometry.outputCount), FloatView(zeros: geometry.outputCount)
    )
    convolution.convolve(FloatView(x), geometry: geometry, into: result, epilogue: epilogue)
    convolution.convolve(
      FloatView(x), geometry: geometry, into: shared, epilogue: epilogue,
      pool: ThreadPool(threads: 3))
    expectClose(
      result, Self.reference(x, weight, geometry, epilogue: epilogue), terms: 48 * 9 + 2)
    #expect(result.array == shared.array)
  }

  @Test func readsKerasWeights() {
    let geometry = Geometry(input: (5, 5, 6), outputChannels: 10, kernel: (3, 2))
    var noise = Noise()
    let x = noise.view(geometry.inputCount)
    let oihw = noise.floats(10 * 6 * 3 * 2)
    var hwio = oihw
    for o in 0..<10 {
      for i in 0..<6 {
        for h in 0..<3 {
          for w in 0..<2 {
            hwio[((h * 2 + w) * 6 + i) * 10 + o] = oihw[((o * 6 + i) * 3 + h) * 2 + w]
          }
        }
      }
    }
    let (one, other) = (
      FloatView(zeros: geometry.outputCount), FloatView(zeros: geometry.outputCount)
    )
    PackedConvolution(.oihw(FloatView(oihw), for: geometry))
      .convolve(x, geometry: geometry, into: one)
    PackedConvolution(.hwio(FloatView(hwio), for: geometry))
      .convolve(x, geometry: geometry, into: other)
    #expect(one.array == other.array)
  }

  static let depthwise: [Geometry] = [
    Geometry(
      batch: 2, input: (7, 9, 37), outputChannels: 37, kernel: (3, 3), padsBegin: (1, 1),
      padsEnd: (1, 1), groups: 37),
    Geometry(
      input: (9, 12, 16), outputChannels: 16, kernel: (3, 3), strides: (2, 2), padsBegin: (1, 1),
      padsEnd: (1, 1), groups: 16),
    Geometry(
      input: (9, 12, 24), outputChannels: 24, kernel: (5, 3), strides: (2, 1), dilations: (2, 2),
      padsBegin: (0, 3), padsEnd: (2, 1), groups: 24),
    Geometry(
      input: (2, 1, 5), outputChannels: 5, kernel: (5, 5), padsBegin: (2, 2), padsEnd: (2, 2),
      groups: 5),
    Geometry(
      input: (5, 6, 7), outputChannels: 21, kernel: (3, 3), padsBegin: (1, 0), padsEnd: (0, 1),
      groups: 7),
  ]

  @Test(arguments: depthwise)
  func depthwiseMatchesReference(geometry: Geometry) {
    var noise = Noise()
    let x = noise.floats(geometry.inputCount)
    let weight = noise.floats(geometry.outputChannels * geometry.kernelCount)
    let convolution = DepthwiseConvolution(
      .oihw(FloatView(weight), for: geometry), channels: geometry.channels)
    for epilogue in [
      .none, Epilogue(bias: noise.view(geometry.outputChannels), clamp: .relu6),
    ] {
      let result = FloatView(zeros: geometry.outputCount)
      convolution.convolve(
        FloatView(x), geometry: geometry, into: result, bias: epilogue.bias,
        clamp: epilogue.clamp, pool: ThreadPool(threads: 2))
      expectClose(
        result, Self.reference(x, weight, geometry, epilogue: epilogue),
        terms: geometry.kernelCount + 1, "\(geometry)")
    }
  }
}
