import Kernels
import TestSupport
import Testing

@Suite struct WinogradWeightGradientTests {
  /// A pixel's part of each weight, in Double.
  static func reference(
    _ x: [Float], _ flow: [Float], _ g: ConvolutionGeometry
  ) -> Reference {
    var result = Reference(count: g.outputChannels * g.channels * 9)
    for row in 0..<g.outputRows {
      let (line, ox) = row.quotientAndRemainder(dividingBy: g.outputWidth)
      let (n, oy) = line.quotientAndRemainder(dividingBy: g.outputHeight)
      for tap in 0..<9 {
        let (iy, ix) = (oy - g.padTop + tap / 3, ox - g.padLeft + tap % 3)
        guard (0..<g.height).contains(iy), (0..<g.width).contains(ix) else { continue }
        let pixel = ((n * g.height + iy) * g.width + ix) * g.channels
        for o in 0..<g.outputChannels {
          let one = Double(flow[row * g.outputChannels + o])
          for c in 0..<g.channels {
            result.add(Double(x[pixel + c]) * one, to: (o * g.channels + c) * 9 + tap)
          }
        }
      }
    }
    return result
  }

  private func check(
    _ geometry: ConvolutionGeometry, _ isa: InstructionSet, threads: Int = 3
  ) {
    var noise = Noise()
    let (x, flow) = (noise.floats(geometry.inputCount), noise.floats(geometry.outputCount))
    let count = geometry.outputChannels * geometry.channels * 9
    let (result, shared) = (FloatView(zeros: count), FloatView(zeros: count))
    let gradient = WinogradWeightGradient(geometry, instructionSet: isa)
    let scratch = FloatView(zeros: gradient.scratchCount)
    scratch.fill(.nan)
    gradient(FloatView(x), FloatView(flow), into: result, scratch: scratch)
    var reference = Self.reference(x, flow, geometry)
    // All taps of a window share the errors of the sums that they are made from
    let largest = reference.magnitudes.max() ?? 0
    reference.magnitudes = reference.magnitudes.map { _ in largest }
    expectClose(result, reference, terms: geometry.outputRows + 36, "\(isa) \(geometry)")
    gradient(
      FloatView(x), FloatView(flow), into: shared, scratch: scratch,
      pool: ThreadPool(threads: threads))
    #expect(result.array == shared.array)
  }

  @Test(arguments: InstructionSet.available, WinogradTests.geometries)
  func matchesReference(_ isa: InstructionSet, geometry: ConvolutionGeometry) {
    check(geometry, isa)
  }

  @Test func crossesChunksOfTiles() {
    for geometry in [
      WinogradTests.same(41, 40, 64, 72, batch: 3), WinogradTests.same(33, 33, 150, 130),
    ] {
      check(geometry, .current, threads: 2)
    }
  }

  @Test func ofNoPicturesIsZero() {
    let geometry = WinogradTests.same(4, 4, 3, 2, batch: 0)
    let gradient = WinogradWeightGradient(geometry)
    let result = FloatView([Float](repeating: 1, count: 54))
    gradient(
      FloatView(zeros: 0), FloatView(zeros: 0), into: result,
      scratch: FloatView(zeros: gradient.scratchCount))
    #expect(result.array.allSatisfy { $0 == 0 })
  }

  @Test func isChosenWhereItPays() {
    for (size, channels, pays) in [
      (56, 64, true), (14, 256, true), (7, 512, true), (2, 64, false), (56, 3, false),
    ] {
      let geometry = WinogradTests.same(size, size, channels, channels, batch: 8)
      #expect(WinogradWeightGradient.isFaster(for: geometry) == pays, "\(geometry)")
    }
  }
}

extension VariantTests {
  @Test(arguments: WinogradTests.geometries)
  func winogradWeightGradientMatchesReference(geometry: ConvolutionGeometry) {
    var noise = Noise()
    let (x, flow) = (noise.floats(geometry.inputCount), noise.floats(geometry.outputCount))
    var reference = WinogradWeightGradientTests.reference(x, flow, geometry)
    let largest = reference.magnitudes.max() ?? 0
    reference.magnitudes = reference.magnitudes.map { _ in largest }
    eachInstructionSet { isa in
      let gradient = WinogradWeightGradient(geometry)
      let result = FloatView(zeros: reference.values.count)
      gradient(
        FloatView(x), FloatView(flow), into: result,
        scratch: FloatView(zeros: gradient.scratchCount))
      expectClose(result, reference, terms: geometry.outputRows + 36, "\(isa) \(geometry)")
    }
  }
}
