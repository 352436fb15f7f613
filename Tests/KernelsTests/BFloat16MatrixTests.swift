import Kernels
import TestSupport
import Testing

@Suite struct BFloat16MatrixTests {
  /// To the nearest number with eight bits of mantissa, ties to even.
  static func rounded(_ values: [Float]) -> [Float] {
    values.map { value in
      let bits = value.bitPattern
      return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
    }
  }

  @Test(arguments: [1, 15, 16, 17, 31, 32, 33, 64, 100])
  func matchesReference(columns: Int) {
    eachInstructionSet { _ in
      for rows in [1, 2, 4, 5, 13, 14, 15, 43] {
        for inputs in [1, 2, 17, 64, 71] {
          var noise = Noise(seed: rows * 1000 + columns)
          let (a, b) = (noise.floats(rows * inputs), noise.floats(inputs * columns))
          let matrix = BFloat16Matrix(.matrix(FloatView(b), inputs: inputs, outputs: columns))
          for epilogue in [
            .none, Epilogue(bias: noise.view(columns), clamp: .relu),
            Epilogue(bias: noise.view(columns), residual: noise.view(rows * columns)),
          ] {
            let result = FloatView(zeros: rows * columns)
            matrix.multiply(FloatView(a), rows: rows, into: result, epilogue: epilogue)
            expectClose(
              result,
              MatrixTests.product(
                Self.rounded(a), Self.rounded(b), rows: rows, inputs: inputs, outputs: columns,
                epilogue: epilogue),
              terms: inputs + 2, "\(rows) x \(columns) x \(inputs)")
          }
        }
      }
    }
  }

  /// However a matrix lies, and the other, the results are the same.
  @Test(arguments: [(29, 33, 67), (3, 140, 31), (15, 1101, 257)])
  func readsTransposed(_ shape: (rows: Int, inputs: Int, columns: Int)) {
    eachInstructionSet { _ in
      var noise = Noise()
      let (rows, inputs, columns) = shape
      let (a, b) = (noise.floats(rows * inputs), noise.floats(inputs * columns))
      func transposed(_ values: [Float], _ rows: Int) -> FloatView {
        let columns = values.count / rows
        return FloatView(
          (0..<values.count).map { values[$0 % rows * columns + $0 / rows] })
      }
      let plain = FloatView(zeros: rows * columns)
      BFloat16Matrix(.matrix(FloatView(b), inputs: inputs, outputs: columns))
        .multiply(FloatView(a), rows: rows, into: plain)
      for pool in [nil, ThreadPool(threads: 3)] {
        let other = FloatView(zeros: rows * columns)
        BFloat16Matrix(
          .linear(transposed(b, inputs), outputs: columns, inputs: inputs), pool: pool
        ).multiplyAcross(transposed(a, rows), rows: rows, stride: rows, into: other, pool: pool)
        #expect(other.array == plain.array)
      }
    }
  }
}
