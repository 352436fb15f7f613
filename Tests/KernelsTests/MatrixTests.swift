import Kernels
import Testing

@Suite struct MatrixTests {
  /// One below, at and one above every tile and vector of every instruction set.
  static let columns = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 65, 100]
  static let rows = [1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 28, 29, 43]

  static func product(
    _ a: [Float], _ b: [Float], rows: Int, inputs: Int, outputs: Int, epilogue: Epilogue
  ) -> Reference {
    var result = Reference(count: rows * outputs)
    for m in 0..<rows {
      for n in 0..<outputs {
        let index = m * outputs + n
        for k in 0..<inputs {
          result.add(Double(a[m * inputs + k]) * Double(b[k * outputs + n]), to: index)
        }
        if let bias = epilogue.bias { result.add(Double(bias[n]), to: index) }
        if let residual = epilogue.residual { result.add(Double(residual[index]), to: index) }
        let clamp = epilogue.clamp
        result.values[index] = min(
          max(result.values[index], Double(clamp.minimum)), Double(clamp.maximum))
      }
    }
    return result
  }

  @Test(arguments: InstructionSet.available, columns)
  func matchesReference(_ isa: InstructionSet, columns: Int) {
    for rows in Self.rows {
      for inputs in [1, 2, 17] {
        var noise = Noise(seed: rows * 1000 + columns)
        let (a, b) = (noise.floats(rows * inputs), noise.floats(inputs * columns))
        let matrix = PackedMatrix(
          .matrix(FloatView(b), inputs: inputs, outputs: columns), instructionSet: isa)
        for epilogue in [
          .none, Epilogue(bias: noise.view(columns), clamp: .relu),
          Epilogue(
            bias: noise.view(columns), residual: noise.view(rows * columns),
            clamp: Clamp(minimum: -0.5, maximum: 0.75)),
        ] {
          let result = FloatView(zeros: rows * columns)
          matrix.multiply(FloatView(a), rows: rows, into: result, epilogue: epilogue)
          expectClose(
            result,
            Self.product(
              a, b, rows: rows, inputs: inputs, outputs: columns, epilogue: epilogue),
            terms: inputs + 2, "\(rows) x \(columns) x \(inputs)")
        }
      }
    }
  }

  /// The activation is that of the finished sums, whichever panels and passes they come in.
  @Test(arguments: InstructionSet.available, [(29, 33, 167), (3, 40, 31), (15, 1100, 257)])
  func activates(_ isa: InstructionSet, _ shape: (rows: Int, inputs: Int, columns: Int)) {
    var noise = Noise()
    let (rows, inputs, columns) = shape
    let a = noise.view(rows * inputs)
    let matrix = PackedMatrix(
      .matrix(noise.view(inputs * columns), inputs: inputs, outputs: columns), instructionSet: isa)
    let (bias, factor) = (noise.view(columns), noise.view(rows * columns))
    let (plain, gated) = (FloatView(zeros: rows * columns), FloatView(zeros: rows * columns))
    for pool in [nil, ThreadPool(threads: 3)] {
      matrix.multiply(a, rows: rows, into: plain, epilogue: Epilogue(bias: bias), pool: pool)
      matrix.multiply(
        a, rows: rows, into: gated,
        epilogue: Epilogue(bias: bias, activation: .leakyRelu(alpha: 0.25), factor: factor),
        pool: pool)
      for index in 0..<rows * columns {
        let sum = plain[index]
        #expect(gated[index] == (sum < 0 ? 0.25 * sum : sum) * factor[index])
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func joinsMatrices(_ isa: InstructionSet) {
    var noise = Noise()
    let (rows, inputs, widths) = (17, 40, [50, 7, 64])
    let a = noise.view(rows * inputs)
    let weights = widths.map {
      Weight.linear(noise.view($0 * inputs), outputs: $0, inputs: inputs)
    }
    let total = widths.reduce(0, +)
    let joined = FloatView(zeros: rows * total)
    PackedMatrix(joining: weights, instructionSet: isa).multiply(a, rows: rows, into: joined)
    var start = 0
    for (weight, width) in zip(weights, widths) {
      let alone = FloatView(zeros: rows * width)
      PackedMatrix(weight, instructionSet: isa, usesOpenBLAS: false)
        .multiply(a, rows: rows, into: alone)
      for row in 0..<rows {
        for column in 0..<width {
          let (one, other) = (joined[row * total + start + column], alone[row * width + column])
          // OpenBLAS may add up in another order.
          #expect(abs(one - other) <= (isa == .baseline ? 1e-5 : 0))
        }
      }
      start += width
    }
  }

  /// Many columns make it worth packing rows, few do not; every height of a tile, every rest of K.
  @Test(arguments: InstructionSet.available, 1...15)
  func rowsGiveTheSamePackedAndInPlace(_ isa: InstructionSet, rows: Int) {
    let (few, many) = (8, 300)
    for inputs in Array(32...41) + [1031] {
      var noise = Noise(seed: inputs)
      let (a, b) = (noise.view(rows * inputs), noise.floats(inputs * many))
      let start = (0..<inputs).flatMap { b[$0 * many..<$0 * many + few] }
      let (wide, narrow) = (FloatView(zeros: rows * many), FloatView(zeros: rows * few))
      for (weights, columns, result) in [(b, many, wide), (start, few, narrow)] {
        PackedMatrix(
          .matrix(FloatView(weights), inputs: inputs, outputs: columns), instructionSet: isa,
          usesOpenBLAS: false
        ).multiply(a, rows: rows, into: result)
      }
      for row in 0..<rows {
        for column in 0..<few {
          #expect(wide[row * many + column] == narrow[row * few + column], "\(inputs) inputs")
        }
      }
    }
  }

  /// Rows read in place and packed, K in one pass and in several, rows at distances that are powers
  /// of two.
  @Test(arguments: [(31, 1111, 50), (15, 40, 300), (15, 1100, 257), (17, 512, 70), (3, 1500, 200)])
  func sumsOverManyInputs(_ shape: (rows: Int, inputs: Int, columns: Int)) {
    var noise = Noise()
    let (rows, inputs, columns) = shape
    let (a, b) = (noise.floats(rows * inputs), noise.floats(inputs * columns))
    let (bias, residual) = (noise.floats(columns), noise.floats(rows * columns))
    let exact = Self.product(
      a, b, rows: rows, inputs: inputs, outputs: columns, epilogue: .none)
    var finished = exact
    for index in 0..<rows * columns {
      finished.add(Double(bias[index % columns]), to: index)
      finished.add(Double(residual[index]), to: index)
      finished.values[index] = max(finished.values[index], -3)
    }
    // OpenBLAS serves the baseline only.
    let ways = InstructionSet.available.map { ($0, false) } + [(.baseline, true)]
    for (isa, usesOpenBLAS) in ways {
      let matrix = PackedMatrix(
        .matrix(FloatView(b), inputs: inputs, outputs: columns), instructionSet: isa,
        usesOpenBLAS: usesOpenBLAS)
      let (plain, inPlace, shared) = (
        FloatView(zeros: rows * columns), FloatView(residual), FloatView(zeros: rows * columns)
      )
      matrix.multiply(FloatView(a), rows: rows, into: plain)
      expectClose(plain, exact, terms: inputs, "\(shape) \(isa)")
      // The residual is the result's own memory, or not, and many threads change nothing.
      var epilogue = Epilogue(
        bias: FloatView(bias), residual: inPlace, clamp: Clamp(minimum: -3))
      matrix.multiply(FloatView(a), rows: rows, into: inPlace, epilogue: epilogue)
      expectClose(inPlace, finished, terms: inputs + 2, "\(shape) \(isa)")
      epilogue.residual = FloatView(residual)
      matrix.multiply(
        FloatView(a), rows: rows, into: shared, epilogue: epilogue, pool: ThreadPool(threads: 5))
      #expect(inPlace.array == shared.array)
    }
  }

  @Test(arguments: InstructionSet.available, [1, 2, 3, 5])
  func isTheSameForAnyNumberOfThreads(_ isa: InstructionSet, threads: Int) {
    var noise = Noise()
    let (rows, inputs, columns) = (77, 65, 130)
    let a = noise.view(rows * inputs)
    let matrix = PackedMatrix(
      .linear(noise.view(inputs * columns), outputs: columns, inputs: inputs),
      instructionSet: isa, pool: ThreadPool(threads: threads))
    let (alone, shared) = (FloatView(zeros: rows * columns), FloatView(zeros: rows * columns))
    matrix.multiply(a, rows: rows, into: alone)
    matrix.multiply(a, rows: rows, into: shared, pool: ThreadPool(threads: threads))
    #expect(alone.array == shared.array)
  }

  @Test(arguments: InstructionSet.available)
  func readsTransposedAndScaledWeights(_ isa: InstructionSet) {
    var noise = Noise()
    let (rows, inputs, columns) = (9, 70, 37)
    let (a, b) = (noise.floats(rows * inputs), noise.floats(inputs * columns))
    let scale = noise.floats(columns)
    var (transposed, scaled) = (b, b)
    for k in 0..<inputs {
      for n in 0..<columns {
        transposed[n * inputs + k] = b[k * columns + n]
        scaled[k * columns + n] = b[k * columns + n] * scale[n]
      }
    }
    let (fromLinear, fromMatrix) = (
      FloatView(zeros: rows * columns), FloatView(zeros: rows * columns)
    )
    PackedMatrix(
      .linear(FloatView(transposed), outputs: columns, inputs: inputs, scale: FloatView(scale)),
      instructionSet: isa
    ).multiply(FloatView(a), rows: rows, into: fromLinear)
    PackedMatrix(
      .matrix(FloatView(scaled), inputs: inputs, outputs: columns), instructionSet: isa
    ).multiply(FloatView(a), rows: rows, into: fromMatrix)
    #expect(fromLinear.array == fromMatrix.array)
  }

  @Test(arguments: InstructionSet.available)
  func addsItsOwnMemoryAsResidual(_ isa: InstructionSet) {
    var noise = Noise()
    let (rows, inputs, columns) = (15, 12, 33)
    let matrix = PackedMatrix(
      .matrix(noise.view(inputs * columns), inputs: inputs, outputs: columns), instructionSet: isa)
    let (a, residual) = (noise.view(rows * inputs), noise.view(rows * columns))
    let (apart, inPlace) = (FloatView(zeros: rows * columns), FloatView(residual.array))
    matrix.multiply(a, rows: rows, into: apart, epilogue: Epilogue(residual: residual))
    matrix.multiply(a, rows: rows, into: inPlace, epilogue: Epilogue(residual: inPlace))
    #expect(apart.array == inPlace.array)
  }

  @Test(arguments: InstructionSet.available)
  func clampsKeepNaN(_ isa: InstructionSet) {
    let matrix = PackedMatrix(
      .matrix(FloatView([1, 1, 1]), inputs: 1, outputs: 3), instructionSet: isa)
    let result = FloatView(zeros: 3)
    matrix.multiply(
      FloatView([.nan]), rows: 1, into: result,
      epilogue: Epilogue(clamp: .relu6))
    #expect(result.array.allSatisfy { $0.isNaN })
  }
}
