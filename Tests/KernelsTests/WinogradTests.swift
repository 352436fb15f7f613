import Kernels
import TestSupport
import Testing

@Suite struct WinogradTests {
  typealias Geometry = ConvolutionGeometry

  /// Extents that are and are not multiples of a tile, channels around the vectors' widths.
  static let geometries: [Geometry] = [
    same(8, 8, 16, 32), same(7, 7, 32, 64), same(14, 14, 48, 33), same(1, 1, 5, 3),
    same(5, 9, 17, 31), same(13, 3, 4, 8), same(6, 6, 70, 100), same(12, 11, 15, 65, batch: 3),
    Geometry(input: (3, 3, 9), outputChannels: 7, kernel: (3, 3)),
    Geometry(batch: 2, input: (10, 7, 33), outputChannels: 34, kernel: (3, 3)),
    Geometry(
      input: (6, 5, 16), outputChannels: 16, kernel: (3, 3), padsBegin: (2, 0), padsEnd: (1, 3)),
    Geometry(
      input: (4, 6, 8), outputChannels: 12, kernel: (3, 3), padsBegin: (7, 8), padsEnd: (5, 5)),
    Geometry(
      input: (5, 5, 8), outputChannels: 8, kernel: (3, 3), padsBegin: (1, 1),
      output: (height: 9, width: 8)),
  ]

  static func same(
    _ height: Int, _ width: Int, _ channels: Int, _ outputs: Int, batch: Int = 1
  ) -> Geometry {
    Geometry(
      batch: batch, input: (height, width, channels), outputChannels: outputs, kernel: (3, 3),
      padsBegin: (1, 1), padsEnd: (1, 1))
  }

  @Test(arguments: InstructionSet.available, geometries)
  func matchesReference(_ isa: InstructionSet, geometry: Geometry) {
    var noise = Noise()
    let x = noise.floats(geometry.inputCount)
    let weight = noise.floats(geometry.outputChannels * geometry.channels * 9)
    let convolution = WinogradConvolution(
      .oihw(FloatView(weight), for: geometry), instructionSet: isa)
    for epilogue in [
      .none, Epilogue(bias: noise.view(geometry.outputChannels), clamp: .relu6),
      Epilogue(
        bias: noise.view(geometry.outputChannels), residual: noise.view(geometry.outputCount)),
    ] {
      let (result, shared) = (
        FloatView(zeros: geometry.outputCount), FloatView(zeros: geometry.outputCount)
      )
      convolution.convolve(FloatView(x), geometry: geometry, into: result, epilogue: epilogue)
      expectWithinTiles(
        result, ConvolutionTests.reference(x, weight, geometry, epilogue: epilogue), geometry)
      convolution.convolve(
        FloatView(x), geometry: geometry, into: shared, epilogue: epilogue,
        pool: ThreadPool(threads: 3))
      #expect(result.array == shared.array)
    }
  }

  @Test func addsAResidualInPlaceAndScalesWeights() {
    let geometry = Self.same(9, 10, 20, 40)
    var noise = Noise()
    let x = noise.floats(geometry.inputCount)
    let (weight, scale) = (noise.floats(40 * 20 * 9), noise.floats(40))
    let residual = noise.floats(geometry.outputCount)
    let scaled = weight.enumerated().map { $1 * scale[$0 / 180] }
    let result = FloatView(residual)
    WinogradConvolution(.oihw(FloatView(weight), for: geometry, scale: FloatView(scale)))
      .convolve(
        FloatView(x), geometry: geometry, into: result, epilogue: Epilogue(residual: result))
    let epilogue = Epilogue(residual: FloatView(residual))
    expectWithinTiles(
      result, ConvolutionTests.reference(x, scaled, geometry, epilogue: epilogue), geometry)
  }

  @Test func crossesBlocksOfTilesAndPanels() {
    for geometry in [Self.same(41, 40, 24, 40), Self.same(12, 12, 300, 330)] {
      var noise = Noise()
      let x = noise.floats(geometry.inputCount)
      let weight = noise.floats(geometry.outputChannels * geometry.channels * 9)
      let result = FloatView(zeros: geometry.outputCount)
      WinogradConvolution(.oihw(FloatView(weight), for: geometry))
        .convolve(FloatView(x), geometry: geometry, into: result)
      expectWithinTiles(result, ConvolutionTests.reference(x, weight, geometry), geometry)
    }
  }

  @Test func readsKerasWeights() {
    let geometry = Self.same(5, 5, 6, 10)
    var noise = Noise()
    let x = noise.view(geometry.inputCount)
    let oihw = noise.floats(10 * 6 * 9)
    var hwio = oihw
    for o in 0..<10 {
      for i in 0..<6 {
        for tap in 0..<9 { hwio[(tap * 6 + i) * 10 + o] = oihw[(o * 6 + i) * 9 + tap] }
      }
    }
    let (one, other) = (
      FloatView(zeros: geometry.outputCount), FloatView(zeros: geometry.outputCount)
    )
    WinogradConvolution(.oihw(FloatView(oihw), for: geometry))
      .convolve(x, geometry: geometry, into: one)
    WinogradConvolution(.hwio(FloatView(hwio), for: geometry))
      .convolve(x, geometry: geometry, into: other)
    #expect(one.array == other.array)
  }

  @Test func isChosenWhereItPays() {
    let shapes: [(size: Int, channels: Int, pays: Bool)] = [
      (56, 64, true), (28, 128, true), (14, 256, true), (7, 512, false), (2, 1024, false),
      (224, 4, false),
    ]
    for (size, channels, pays) in shapes {
      let geometry = Self.same(size, size, channels, channels)
      let isFaster = WinogradConvolution.isFaster(for: geometry, instructionSet: .avx2)
      #expect(isFaster == pays, "\(geometry)")
    }
    var strided = Self.same(56, 56, 64, 64)
    (strided.strideHeight, strided.outputHeight) = (2, 28)
    #expect(!WinogradConvolution.isFaster(for: strided, instructionSet: .avx2))
  }

  /// Typical activations (none below zero) and weights: the root of the mean squared error is at
  /// most three times that of the plain sums.
  @Test(arguments: [(28, 64), (14, 128), (8, 256)])
  func losesLittle(size: Int, channels: Int) {
    let geometry = Self.same(size, size, channels, 16)
    var noise = Noise()
    let x = noise.floats(geometry.inputCount).map { max($0, 0) }
    let weight = noise.floats(16 * channels * 9)
    let exact = ConvolutionTests.reference(x, weight, geometry).values
    func error(_ convolve: (FloatView) -> Void) -> Double {
      let result = FloatView(zeros: geometry.outputCount)
      convolve(result)
      let squares = zip(result.array, exact).reduce(0) {
        $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1)
      }
      return (squares / exact.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }
    let source = Weight.oihw(FloatView(weight), for: geometry)
    let tiled = error {
      WinogradConvolution(source).convolve(FloatView(x), geometry: geometry, into: $0)
    }
    let plain = error {
      PackedConvolution(source).convolve(FloatView(x), geometry: geometry, into: $0)
    }
    #expect(tiled <= 3 * plain, "\(tiled) beside \(plain)")
    #expect(tiled > 0)
  }
}

extension VariantTests {
  @Test(arguments: WinogradTests.geometries)
  func winogradMatchesReference(geometry: ConvolutionGeometry) {
    var noise = Noise()
    let x = noise.floats(geometry.inputCount)
    let weight = noise.floats(geometry.outputChannels * geometry.channels * 9)
    let epilogue = Epilogue(
      bias: noise.view(geometry.outputChannels), residual: noise.view(geometry.outputCount),
      clamp: .relu)
    let reference = ConvolutionTests.reference(x, weight, geometry, epilogue: epilogue)
    eachInstructionSet { isa in
      let result = FloatView(zeros: geometry.outputCount)
      WinogradConvolution(.oihw(FloatView(weight), for: geometry))
        .convolve(FloatView(x), geometry: geometry, into: result, epilogue: epilogue)
      expectWithinTiles(result, reference, geometry, "\(isa)")
    }
  }
}

/// Each value is within the rounding of its tile's sums: an output shares the errors of all that
/// its tile is made from, so the largest magnitude of the result takes the place of its own.
func expectWithinTiles(
  _ found: FloatView, _ reference: Reference, _ geometry: ConvolutionGeometry,
  _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  var reference = reference
  let largest = reference.magnitudes.max() ?? 0
  reference.magnitudes = reference.magnitudes.map { _ in largest }
  expectClose(
    found, reference, terms: geometry.channels * 9 + 2, "\(comment) \(geometry)",
    sourceLocation: sourceLocation)
}
