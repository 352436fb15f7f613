import Kernels

extension Bench {
  typealias Geometry = ConvolutionGeometry

  /// Square images and windows, padded as networks pad.
  static func square(
    _ size: Int, _ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1, groups: Int = 1
  ) -> Geometry {
    let pad = kernel / 2
    return Geometry(
      input: (size, size, inputs), outputChannels: outputs, kernel: (kernel, kernel),
      strides: (stride, stride), padsBegin: (pad, pad), padsEnd: (pad, pad), groups: groups)
  }

  /// Each different convolution of ResNet-50 with how often it occurs, and those of ResNeXt-50 that
  /// have groups.
  static let convolutions: [(geometry: Geometry, times: Int)] = [
    (square(224, 3, 64, 7, stride: 2), 1), (square(56, 64, 64, 1), 1), (square(56, 64, 64, 3), 3),
    (square(56, 64, 256, 1), 4), (square(56, 256, 64, 1), 2), (square(56, 256, 128, 1), 1),
    (square(56, 128, 128, 3, stride: 2), 1), (square(28, 128, 512, 1), 4),
    (square(56, 256, 512, 1, stride: 2), 1), (square(28, 512, 128, 1), 3),
    (square(28, 128, 128, 3), 3), (square(28, 512, 256, 1), 1),
    (square(28, 256, 256, 3, stride: 2), 1), (square(14, 256, 1024, 1), 6),
    (square(28, 512, 1024, 1, stride: 2), 1), (square(14, 1024, 256, 1), 5),
    (square(14, 256, 256, 3), 5), (square(14, 1024, 512, 1), 1),
    (square(14, 512, 512, 3, stride: 2), 1), (square(7, 512, 2048, 1), 3),
    (square(14, 1024, 2048, 1, stride: 2), 1), (square(7, 2048, 512, 1), 2),
    (square(7, 512, 512, 3), 2), (square(56, 128, 128, 3, groups: 32), 0),
    (square(28, 256, 256, 3, groups: 32), 0), (square(14, 512, 512, 3, groups: 32), 0),
    (square(7, 1024, 1024, 3, groups: 32), 0),
  ]

  /// Convolutions with bias and ReLU beside a copy of the windows and OpenBLAS's product of the
  /// same size (without groups' copies); at the end, all of ResNet-50's together.
  func convolutions() {
    var (total, all) = (0.0, true)
    var operations = 0
    for (g, times) in Self.convolutions {
      let name =
        "convolution \(g.kernelHeight)x\(g.kernelWidth)/\(g.strideHeight) \(g.channels)->"
        + "\(g.outputChannels) \(g.height)x\(g.width)" + (g.groups > 1 ? " groups \(g.groups)" : "")
      guard wants(name) else {
        all = false
        continue
      }
      let x = Bench.noise(g.inputCount)
      let depth = g.inputChannelsPerGroup * g.kernelCount
      let weight = Bench.noise(g.outputChannels * depth)
      let convolution = PackedConvolution(.oihw(weight, for: g), groups: g.groups)
      let (y, theirs) = (FloatView(zeros: g.outputCount), FloatView(zeros: g.outputCount))
      let epilogue = Epilogue(bias: Bench.noise(g.outputChannels), clamp: .relu)
      let columns = g.isPointwise ? x : FloatView(zeros: g.outputRows * depth)
      let run = { convolution.convolve(x, geometry: g, into: y, epilogue: epilogue, pool: pool) }
      report(
        name, operations: g.operations, bytes: 4 * (g.inputCount + weight.count + g.outputCount),
        neighbour: g.isPointwise ? "OpenBLAS" : "im2col + OpenBLAS", run
      ) {
        if !g.isPointwise { Bench.unfold(x, g, into: columns) }
        for _ in 0..<g.groups {
          Bench.sgemm(g.outputRows, g.outputChannelsPerGroup, depth, columns, weight, theirs)
        }
      }
      if times > 0 {
        total += Bench.best(run) * Double(times)
        operations += g.operations * times
      }
    }
    if all {
      let gigaflops = Double(operations) / total / 1e9
      print(
        "{\"case\": \"all convolutions of ResNet-50\", \"threads\": \(pool.threads), "
          + "\"milliseconds\": \(total * 1e3), \"gigaflopsPerSecond\": \(gigaflops), "
          + "\"percentOfPeak\": \(100 * gigaflops / peak), \"peak\": \(peak)}")
    }
  }

  /// Where a residual is added in place, as a block of ResNet-50 ends, beside the same without one.
  func residuals() {
    for g in [
      Bench.square(56, 64, 256, 1), Bench.square(28, 128, 512, 1), Bench.square(14, 256, 1024, 1),
      Bench.square(7, 512, 2048, 1),
    ] {
      let name = "residual 1x1 \(g.channels)->\(g.outputChannels) \(g.height)x\(g.width)"
      guard wants(name) else { continue }
      let x = Bench.noise(g.inputCount)
      let weight = Weight.oihw(Bench.noise(g.outputChannels * g.channels), for: g)
      let convolution = PackedConvolution(weight)
      let (y, other) = (Bench.noise(g.outputCount), FloatView(zeros: g.outputCount))
      let bias = Bench.noise(g.outputChannels)
      report(
        name, operations: g.operations, bytes: 4 * (g.inputCount + 2 * g.outputCount),
        neighbour: "no residual"
      ) {
        convolution.convolve(
          x, geometry: g, into: y, epilogue: Epilogue(bias: bias, residual: y, clamp: .relu),
          pool: pool)
      } beside: {
        convolution.convolve(
          x, geometry: g, into: other, epilogue: Epilogue(bias: bias, clamp: .relu), pool: pool)
      }
    }
  }

  /// Winograd's way beside the plain sums, with weights that no cache holds: each run takes other
  /// copies, as a network's layers do.
  func winograd() {
    for (g, _) in Self.convolutions where WinogradConvolution.serves(g) {
      let name = "winograd 3x3 \(g.channels)->\(g.outputChannels) \(g.height)x\(g.width)"
      guard wants(name) else { continue }
      let x = Bench.noise(g.inputCount)
      let weight = Weight.oihw(Bench.noise(g.outputChannels * g.channels * 9), for: g)
      let copies = max(1, (64 << 20) / (weight.values.count * 4))
      let tiled = (0..<max(1, copies / 4)).map { _ in WinogradConvolution(weight, pool: pool) }
      let plain = (0..<copies).map { _ in PackedConvolution(weight, pool: pool) }
      let (y, epilogue) = (
        FloatView(zeros: g.outputCount),
        Epilogue(
          bias: Bench.noise(g.outputChannels), residual: Bench.noise(g.outputCount), clamp: .relu)
      )
      var (i, j) = (0, 0)
      report(
        name, operations: g.operations, bytes: 4 * (g.inputCount + g.outputCount),
        neighbour: "plain sums"
      ) {
        i += 1
        tiled[i % tiled.count].convolve(x, geometry: g, into: y, epilogue: epilogue, pool: pool)
      } beside: {
        j += 1
        plain[j % plain.count].convolve(x, geometry: g, into: y, epilogue: epilogue, pool: pool)
      }
    }
  }

  /// The naive neighbour's copy of every window (of the first group), row by row.
  static func unfold(_ x: FloatView, _ g: Geometry, into columns: FloatView) {
    let channels = g.inputChannelsPerGroup
    var row = 0
    for n in 0..<g.batch {
      for oy in 0..<g.outputHeight {
        for ox in 0..<g.outputWidth {
          for h in 0..<g.kernelHeight {
            let iy = oy * g.strideHeight - g.padTop + h
            for w in 0..<g.kernelWidth {
              let ix = ox * g.strideWidth - g.padLeft + w
              if iy >= 0, iy < g.height, ix >= 0, ix < g.width {
                let from = ((n * g.height + iy) * g.width + ix) * g.channels
                columns[row..<row + channels].copy(from: x[from..<from + channels])
              }
              row += channels
            }
          }
        }
      }
    }
  }

  /// MobileNetV2's depthwise convolutions beside one product a channel's plain loop would do:
  /// memory read and written.
  func depthwise() {
    let shapes = [
      (112, 32, 1), (112, 96, 2), (56, 144, 1), (56, 144, 2), (28, 192, 1), (28, 192, 2),
      (14, 384, 1), (14, 576, 1), (14, 576, 2), (7, 960, 1),
    ]
    for (size, channels, stride) in shapes {
      let name = "depthwise 3x3/\(stride) \(channels) \(size)x\(size)"
      guard wants(name) else { continue }
      let g = Bench.square(size, channels, channels, 3, stride: stride, groups: channels)
      let x = Bench.noise(g.inputCount)
      let weight = Bench.noise(channels * 9)
      let convolution = DepthwiseConvolution(.oihw(weight, for: g), channels: channels)
      let (y, copy) = (FloatView(zeros: g.outputCount), FloatView(zeros: g.inputCount))
      let bias = Bench.noise(channels)
      report(
        name, operations: g.operations, bytes: 4 * (g.inputCount + g.outputCount),
        neighbour: "copy of the input"
      ) {
        convolution.convolve(x, geometry: g, into: y, bias: bias, clamp: .relu6, pool: pool)
      } beside: {
        copy.copy(from: x)
      }
    }
  }
}

extension Bench {
  /// Packing of all of ResNet-50's weights, beside a copy.
  func packing() {
    guard wants("pack ResNet-50") else { return }
    let layers = Self.convolutions.filter { $0.times > 0 }.map { layer in
      (
        layer.geometry, layer.times,
        Bench.noise(
          layer.geometry.outputChannels * layer.geometry.channels * layer.geometry.kernelCount)
      )
    }
    let count = layers.reduce(0) { $0 + $1.1 * $1.2.count }
    let copies = layers.map { FloatView(zeros: $0.2.count) }
    report("pack ResNet-50", operations: 0, bytes: 8 * count, neighbour: "copy") {
      for (geometry, times, weight) in layers {
        for _ in 0..<times { _ = PackedConvolution(.oihw(weight, for: geometry), pool: pool) }
      }
    } beside: {
      for (layer, copy) in zip(layers, copies) {
        for _ in 0..<layer.1 { copy.copy(from: layer.2) }
      }
    }
  }
}
