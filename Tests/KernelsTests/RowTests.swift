import Glibc
import Kernels
import TestSupport
import Testing

extension VariantTests {
  @Suite struct RowTests {
    static let columns = [1, 5, 15, 16, 17, 32, 33, 1000]

    @Test(arguments: columns)
    func softmaxMatchesReference(columns: Int) {
      var noise = Noise()
      let rows = 3
      let x = noise.floats(rows * columns).map { $0 * 20 }
      eachInstructionSet { isa in
        let (result, logs) = (FloatView(x), FloatView(x))
        Normalization.softmax(result, rows: rows, columns: columns, into: result)
        Normalization.logSoftmax(logs, rows: rows, columns: columns, into: logs)
        for r in 0..<rows {
          let row = x[r * columns..<(r + 1) * columns].map { Double($0) }
          let most = row.max() ?? 0
          let sum = row.reduce(0) { $0 + exp($1 - most) }
          for c in 0..<columns {
            // Two ulp of the exponential and of the sum, and the rounding of x - max, which is up
            // to 40.
            let exact = exp(row[c] - most) / sum
            #expect(abs(Double(result[r * columns + c]) - exact) <= exact * 5e-6)
            #expect(abs(Double(logs[r * columns + c]) - (row[c] - most - log(sum))) <= 5e-6)
          }
        }
      }
    }

    @Test(arguments: columns)
    func crossEntropyMatchesReference(columns: Int) {
      var noise = Noise()
      let targets = [columns - 1, -100, 0, columns / 2]
      let x = noise.floats(targets.count * columns).map { $0 * 20 }
      eachInstructionSet { isa in
        let (losses, gradient) = (FloatView(zeros: targets.count), FloatView(x))
        CrossEntropy.losses(FloatView(x), targets: targets, columns: columns, into: losses)
        CrossEntropy.gradient(
          gradient, targets: targets, columns: columns, scale: 0.5, into: gradient)
        for (r, target) in targets.enumerated() {
          let row = x[r * columns..<(r + 1) * columns].map { Double($0) }
          let most = row.max() ?? 0
          let sum = row.reduce(0) { $0 + exp($1 - most) }
          let loss = target < 0 ? 0 : most + log(sum) - row[target]
          #expect(abs(Double(losses[r]) - loss) <= 5e-6)
          for c in 0..<columns {
            let exact = target < 0 ? 0 : 0.5 * (exp(row[c] - most) / sum - (c == target ? 1 : 0))
            // Beside the target's own 1, which the share may be near
            #expect(abs(Double(gradient[r * columns + c]) - exact) <= 5e-6)
          }
        }
      }
    }

    @Test func softmaxOfEqualInfinitesAndNaN() {
      let result = FloatView(zeros: 6)
      Normalization.softmax(
        FloatView([-.infinity, 0, 0, .nan, 1, 2]), rows: 2, columns: 3, into: result)
      #expect(result.array.prefix(3) == [0, 0.5, 0.5])
      #expect(result.array.suffix(3).allSatisfy { $0.isNaN })
    }

    @Test(arguments: columns)
    func layerNormMatchesReference(columns: Int) {
      var noise = Noise()
      let rows = 3
      let x = noise.floats(rows * columns).map { $0 + 3 }
      let (scale, shift) = (noise.floats(columns), noise.floats(columns))
      eachInstructionSet { isa in
        let (result, plain) = (FloatView(x), FloatView(x))
        Normalization.layerNorm(
          result, rows: rows, columns: columns, scale: FloatView(scale), shift: FloatView(shift),
          epsilon: 1e-3, into: result)
        Normalization.layerNorm(plain, rows: rows, columns: columns, epsilon: 1e-3, into: plain)
        for r in 0..<rows {
          let row = x[r * columns..<(r + 1) * columns].map { Double($0) }
          let mean = row.reduce(0, +) / Double(columns)
          let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
          for c in 0..<columns {
            let normal = (row[c] - mean) / (variance + 1e-3).squareRoot()
            let exact = normal * Double(scale[c]) + Double(shift[c])
            // The mean of values near 3 is off by an ulp of 3 or two; the deviation here is at
            // least 0.03.
            #expect(abs(Double(plain[r * columns + c]) - normal) <= 2e-5)
            #expect(abs(Double(result[r * columns + c]) - exact) <= 2e-5)
          }
        }
      }
    }

    @Test(arguments: [1, 2, 3, 5])
    func localResponseMatchesReference(size: Int) {
      var noise = Noise()
      let (rows, columns) = (2, 21)
      let x = noise.floats(rows * columns)
      eachInstructionSet { _ in
        let result = FloatView(zeros: rows * columns)
        Normalization.localResponse(
          FloatView(x), rows: rows, columns: columns, size: size, alpha: 0.5, beta: 0.75, bias: 2,
          into: result)
        for r in 0..<rows {
          for c in 0..<columns {
            var sum = 0.0
            for i in max(0, c - (size - 1) / 2)...min(columns - 1, c + size / 2) {
              sum += Double(x[r * columns + i]) * Double(x[r * columns + i])
            }
            let exact = Double(x[r * columns + c]) / pow(2 + 0.5 / Double(size) * sum, 0.75)
            #expect(ulps(result[r * columns + c], exact) <= 6)
          }
        }
      }
    }

    @Test(arguments: Reduction.allCases, [1, 16, 33, 5000])
    func reductionsMatchReference(_ reduction: Reduction, columns: Int) {
      var noise = Noise()
      let (batch, rows) = (2, 3)
      let x = noise.floats(batch * rows * columns)
      func exact(_ values: [Float]) -> Double {
        switch reduction {
        case .sum: values.reduce(0) { $0 + Double($1) }
        case .mean: values.reduce(0) { $0 + Double($1) } / Double(values.count)
        case .maximum: Double(values.max() ?? 0)
        case .minimum: Double(values.min() ?? 0)
        }
      }
      // Absolute: a sum of n floats below 1 in lanes of at most 128 terms.
      let allowed = reduction == .sum ? 1e-7 * Double(columns) : 1e-6
      eachInstructionSet { _ in
        let (overColumns, overRows) = (
          FloatView(zeros: batch * rows), FloatView(zeros: batch * columns)
        )
        reduction.overColumns(FloatView(x), rows: batch * rows, columns: columns, into: overColumns)
        reduction.overRows(
          FloatView(x), batch: batch, rows: rows, columns: columns, into: overRows,
          pool: ThreadPool(threads: 2))
        for r in 0..<batch * rows {
          let values = Array(x[r * columns..<(r + 1) * columns])
          #expect(abs(Double(overColumns[r]) - exact(values)) <= max(allowed, 1e-7))
        }
        for b in 0..<batch {
          for c in 0..<columns {
            let values = (0..<rows).map { x[(b * rows + $0) * columns + c] }
            #expect(abs(Double(overRows[b * columns + c]) - exact(values)) <= 1e-6)
          }
        }
      }
    }

    @Test(arguments: [(1, 1), (3, 50), (4, 17), (5, 5), (16, 16), (17, 33), (64, 49), (100, 3)])
    func transposesEveryShape(rows: Int, columns: Int) {
      var noise = Noise()
      let batch = 2
      let x = noise.floats(batch * rows * columns)
      eachInstructionSet { _ in
        let result = FloatView(zeros: x.count)
        Layout.transpose(
          FloatView(x), batch: batch, rows: rows, columns: columns, into: result,
          pool: ThreadPool(threads: 2))
        for b in 0..<batch {
          for i in 0..<rows {
            for j in 0..<columns {
              let (from, to) = ((b * rows + i) * columns + j, (b * columns + j) * rows + i)
              if result[to] != x[from] {
                Issue.record("[\(b), \(j), \(i)] is \(result[to]), not \(x[from])")
                return
              }
            }
          }
        }
      }
    }
  }
}
