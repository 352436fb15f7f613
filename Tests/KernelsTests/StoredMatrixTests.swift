import CKernels
import Kernels
import Tensors
import TestSupport
import Testing

extension VariantTests {
  /// Products by weights where they lie, beside sums in Double over the widened weights.
  @Suite struct StoredMatrixTests {
    static let types: [DataType] =
      [.float32, .float16, .bfloat16] + DataType.allCases.filter(\.isBlockQuantised)

    /// `[outputs, inputs]` of the type: quantised, or, where that cannot be written, of random codes.
    static func weights(
      _ type: DataType, _ outputs: Int, _ inputs: Int, _ noise: inout Noise
    ) throws -> Tensor {
      let shape = Shape([outputs, inputs])
      guard !type.isWritable else {
        return Tensor(shape: shape, noise.floats(outputs * inputs)).cast(to: type)
      }
      var bytes = (0..<type.byteCount(of: outputs * inputs)).map { _ in
        UInt8(truncatingIfNeeded: Int(noise.next() * 128))
      }
      for block in stride(from: 0, to: bytes.count, by: type.blockBytes) {
        for (place, byte) in halves(type) { bytes[block + place] = byte }
      }
      let storage = unsafe TensorStorage(byteCount: bytes.count) { target in
        unsafe target.copyBytes(from: bytes)
      }
      return try Tensor(viewing: storage, dataType: type, shape: shape)
    }

    /// Scales that are no NaN: half precision's 2^-6, or 2^-3 as E8M0.
    private static func halves(_ type: DataType) -> [(Int, UInt8)] {
      func half(_ place: Int) -> [(Int, UInt8)] { [(place, 0), (place + 1, 0x24)] }
      switch type {
      case .q2_K: return half(80) + half(82)
      case .q3_K: return half(108)
      case .q5_K: return half(0) + half(2)
      case .iq4_nl: return half(0)
      default: return [(0, 125)]
      }
    }

    static func check(
      _ type: DataType, rows: Int, inputs: Int, outputs: Int, epilogue wanted: Bool = false,
      threads: Int = 1
    ) throws {
      var noise = Noise(seed: rows * 7 + outputs)
      let tensor = try weights(type, outputs, inputs, &noise)
      let matrix = try #require(StoredMatrix(tensor))
      let w = tensor.floats
      // Numbers of very different size side by side: each 32 have a scale of their own.
      let x = (0..<rows * inputs).map { noise.next() * ($0 / 32 % 5 == 0 ? 300 : 1) }
      var epilogue = Epilogue.none
      if wanted {
        epilogue = Epilogue(
          bias: noise.view(outputs), residual: noise.view(rows * outputs),
          clamp: Clamp(minimum: -2),
          factor: noise.view(rows * outputs))
      }
      var exact = Reference(count: rows * outputs)
      for r in 0..<rows {
        for o in 0..<outputs {
          let index = r * outputs + o
          for part in stride(from: 0, to: inputs, by: 32) {
            let range = part..<min(part + 32, inputs)
            let largest = range.map { abs(x[r * inputs + $0]) }.max() ?? 0
            for k in range {
              exact.values[index] += Double(w[o * inputs + k]) * Double(x[r * inputs + k])
              // What rounding the input to 16 bits may cost, beside what summing does.
              exact.magnitudes[index] += abs(Double(w[o * inputs + k])) * Double(largest)
            }
          }
          if let bias = epilogue.bias, let residual = epilogue.residual,
            let factor = epilogue.factor
          {
            exact.values[index] =
              max(exact.values[index] + Double(bias[o] + residual[index]), -2)
              * Double(factor[index])
          }
        }
      }
      let result = FloatView(zeros: rows * outputs)
      let pool = threads > 1 ? ThreadPool(threads: threads) : nil
      matrix.multiply(FloatView(x), rows: rows, into: result, epilogue: epilogue, pool: pool)
      let isRounded = type.isBlockQuantised && rows <= StoredMatrix.fewRows
      for (index, found) in result.array.enumerated() {
        let relative = (isRounded ? 0x1p-15 : 0x1p-22) / Double(inputs).squareRoot() * 6
        let allowed = max(relative, 0x1p-20) * exact.magnitudes[index] + 1e-6
        guard abs(Double(found) - exact.values[index]) <= allowed else {
          Issue.record(
            "\(type) \(rows)x\(inputs)x\(outputs) [\(index)]: \(found), not \(exact.values[index])")
          return
        }
      }
    }

    /// All instruction sets, on cores that ask for all lines of what they read, and on others.
    static func eachWay(_ body: () throws -> Void) rethrows {
      defer { mng_core_assume_nothing() }
      for asksAll in [false, true] {
        mng_core_assume_asks_all(asksAll)
        try eachInstructionSet { _ in try body() }
      }
    }

    @Test(arguments: types) func fewRowsMatchTheReference(_ type: DataType) throws {
      let inputs =
        type.blockElements == 256
        ? [256, 768] : type.isBlockQuantised ? [32, 128, 416] : [1, 31, 64, 129]
      try Self.eachWay {
        for inputs in inputs {
          for rows in 1...StoredMatrix.fewRows {
            try Self.check(type, rows: rows, inputs: inputs, outputs: 3)
          }
          for outputs in [1, 31, 32, 33, 70] {
            try Self.check(type, rows: 1, inputs: inputs, outputs: outputs, epilogue: true)
          }
        }
      }
    }

    /// Those go several side by side, on some cores.
    @Test(arguments: [DataType.float32, .float16, .bfloat16, .q8_0, .q4_0])
    func longRowsMatchTheReference(_ type: DataType) throws {
      try Self.eachWay {
        for inputs in type.isBlockQuantised ? [2080] : [2049, 2080, 2111] {
          for (rows, outputs) in [(1, 7), (2, 5), (4, 3), (6, 33)] {
            try Self.check(type, rows: rows, inputs: inputs, outputs: outputs, epilogue: true)
          }
        }
      }
    }

    @Test(arguments: types) func manyRowsMatchTheReference(_ type: DataType) throws {
      let inputs = type.isBlockQuantised ? type.blockElements * 2 : 67
      try eachInstructionSet { _ in
        for outputs in [3, 32, 150] {
          try Self.check(type, rows: 9, inputs: inputs, outputs: outputs, epilogue: true)
          try Self.check(type, rows: 30, inputs: inputs, outputs: outputs, threads: 3)
        }
      }
    }

    @Test(arguments: types, [512, 2304])
    func isTheSameForAnyNumberOfThreadsAndRows(_ type: DataType, inputs: Int) throws {
      var noise = Noise()
      let (outputs, rows) = (333, 7)
      let matrix = try #require(StoredMatrix(try Self.weights(type, outputs, inputs, &noise)))
      let x = noise.view(rows * inputs)
      let (alone, shared) = (FloatView(zeros: rows * outputs), FloatView(zeros: rows * outputs))
      matrix.multiply(x, rows: rows, into: alone)
      matrix.multiply(x, rows: rows, into: shared, pool: ThreadPool(threads: 3))
      #expect(alone.array == shared.array)
      for r in 0..<rows {
        let single = FloatView(zeros: outputs)
        matrix.multiply(x[(r * inputs)..<((r + 1) * inputs)], rows: 1, into: single)
        #expect(single.array == Array(alone.array[(r * outputs)..<((r + 1) * outputs)]))
      }
    }

    @Test func strangeInputsStayStrange() throws {
      var noise = Noise()
      for type in Self.types {
        let matrix = try #require(StoredMatrix(try Self.weights(type, 4, 512, &noise)))
        for strange in [Float.nan, .infinity] {
          var x = noise.floats(512)
          x[300] = strange
          let result = FloatView(zeros: 4)
          matrix.multiply(FloatView(x), rows: 1, into: result)
          #expect(result.array.allSatisfy { !$0.isFinite }, "\(type) \(strange)")
        }
        let tiny = FloatView((0..<512).map { _ in 0x1p-140 })
        let result = FloatView(zeros: 4)
        matrix.multiply(tiny, rows: 1, into: result)
        #expect(result.array.allSatisfy { abs($0) < 1e-30 })
      }
    }

    @Test func takesOnlyWhatLiesRight() {
      let floats = Tensor(zeros: [4, 64])
      #expect(StoredMatrix(floats) != nil)
      #expect(StoredMatrix(floats.transposed) == nil)
      #expect(StoredMatrix(floats.reshaped([256])) == nil)
      #expect(StoredMatrix(floats.cast(to: .float64)) == nil)
      #expect(StoredMatrix(floats.cast(to: .q8_0).sliced(axis: 0, 1..<3)) != nil)
    }
  }
}
