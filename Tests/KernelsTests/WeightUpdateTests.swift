import Kernels
import TestSupport
import Testing

extension VariantTests {
  /// Each optimiser's step beside the same formula in Double.
  @Suite struct WeightUpdateTests {
    /// A float and what it should be; the tail behind the last float must stay as it is.
    private struct Values {
      let view: FloatView
      var exact: [Double]

      init(_ values: [Float]) {
        view = FloatView(values + [7])[0..<values.count]
        exact = values.map(Double.init)
      }
    }

    private func expectRounded(_ values: Values, _ what: String, _ isa: InstructionSet) {
      for (index, (x, y)) in zip(values.view.array, values.exact).enumerated()
      where !(abs(Double(x) - y) <= 4e-7 * max(abs(y), 0.5)) {
        Issue.record("\(what): [\(index)] is \(x), not \(y), \(isa)")
        return
      }
    }

    /// Weights, gradient, and memories: squares are not negative.
    private func made(_ count: Int) -> (Values, Values, Values, Values) {
      var noise = Noise(seed: count)
      let (x, g, m) = (noise.floats(count), noise.floats(count), noise.floats(count))
      return (Values(x), Values(g), Values(m), Values(noise.floats(count).map { abs($0) + 0.1 }))
    }

    @Test(arguments: VariantTests.sizes) func sgd(count: Int) {
      eachInstructionSet { isa in
        for (nesterov, isFirst) in [(false, false), (true, false), (false, true), (true, true)] {
          var (x, g, b, _) = made(count)
          WeightUpdate.sgd(
            x.view, gradient: g.view, buffer: b.view, rate: 0.1, momentum: 0.9, dampening: 0.25,
            weightDecay: 0.05, nesterov: nesterov, isFirst: isFirst)
          for i in 0..<count {
            let d = g.exact[i] + 0.05 * x.exact[i]
            b.exact[i] = isFirst ? d : 0.9 * b.exact[i] + 0.75 * d
            x.exact[i] -= 0.1 * (nesterov ? d + 0.9 * b.exact[i] : b.exact[i])
          }
          expectRounded(x, "weights", isa)
          expectRounded(b, "momentum", isa)
        }
      }
    }

    @Test(arguments: VariantTests.sizes) func adam(count: Int) {
      eachInstructionSet { isa in
        for isDecoupled in [false, true] {
          var (x, g, m, v) = made(count)
          var most = made(count + 1).3
          WeightUpdate.adam(
            x.view, gradient: g.view, first: m.view, second: v.view,
            largest: most.view[0..<count], step: 3, rate: 0.1, beta1: 0.8, beta2: 0.9,
            epsilon: 1e-3, weightDecay: 0.05, isDecoupled: isDecoupled)
          let (c1, c2) = (1 - 0.8 * 0.8 * 0.8, 1 - 0.9 * 0.9 * 0.9)
          for i in 0..<count {
            let d = isDecoupled ? g.exact[i] : g.exact[i] + 0.05 * x.exact[i]
            if isDecoupled { x.exact[i] *= 1 - 0.1 * 0.05 }
            m.exact[i] = 0.8 * m.exact[i] + 0.2 * d
            v.exact[i] = 0.9 * v.exact[i] + 0.1 * d * d
            most.exact[i] = max(most.exact[i], v.exact[i])
            x.exact[i] -= 0.1 * (m.exact[i] / c1) / ((most.exact[i] / c2).squareRoot() + 1e-3)
          }
          expectRounded(x, "weights", isa)
          expectRounded(m, "first moment", isa)
          expectRounded(v, "second moment", isa)
          expectRounded(most, "largest", isa)
        }
      }
    }

    @Test(arguments: VariantTests.sizes) func rmsprop(count: Int) {
      eachInstructionSet { isa in
        for (isCentred, momentum) in [(false, 0.0), (false, 0.9), (true, 0.0), (true, 0.9)] {
          var (x, g, b, v) = made(count)
          var a = Values(made(count).2.view.array.map { $0 / 8 })
          WeightUpdate.rmsprop(
            x.view, gradient: g.view, square: v.view, mean: isCentred ? a.view : nil,
            buffer: momentum > 0 ? b.view : nil, rate: 0.05, alpha: 0.9, epsilon: 0.01,
            momentum: momentum, weightDecay: 0.1)
          for i in 0..<count {
            let d = g.exact[i] + 0.1 * x.exact[i]
            v.exact[i] = 0.9 * v.exact[i] + 0.1 * d * d
            if isCentred { a.exact[i] = 0.9 * a.exact[i] + 0.1 * d }
            let variance = v.exact[i] - (isCentred ? a.exact[i] * a.exact[i] : 0)
            let u = d / (variance.squareRoot() + 0.01)
            if momentum > 0 { b.exact[i] = momentum * b.exact[i] + u }
            x.exact[i] -= 0.05 * (momentum > 0 ? b.exact[i] : u)
          }
          expectRounded(x, "weights", isa)
          expectRounded(v, "square", isa)
          expectRounded(a, "mean", isa)
          expectRounded(b, "momentum", isa)
        }
      }
    }

    @Test(arguments: VariantTests.sizes) func lion(count: Int) {
      eachInstructionSet { isa in
        var (x, g, m, _) = made(count)
        WeightUpdate.lion(
          x.view, gradient: g.view, average: m.view, rate: 0.05, beta1: 0.9, beta2: 0.75,
          weightDecay: 0.5)
        for i in 0..<count {
          let u = 0.9 * m.exact[i] + 0.1 * g.exact[i]
          x.exact[i] = x.exact[i] * (1 - 0.05 * 0.5) - 0.05 * (u > 0 ? 1 : -1)
          m.exact[i] = 0.75 * m.exact[i] + 0.25 * g.exact[i]
        }
        expectRounded(x, "weights", isa)
        expectRounded(m, "average", isa)
      }
    }

    @Test(arguments: [(1, 1, 1), (1, 5, 7), (3, 2, 9), (6, 3, 3), (1, 70, 129), (2, 4, 64)])
    func adafactor(batch: Int, rows: Int, columns: Int) {
      let count = batch * rows * columns
      eachInstructionSet { isa in
        var (x, g, _, _) = made(count)
        var (r, c) = (made(batch * rows).3, made(batch * columns + 1).3)
        let step = WeightUpdate.AdafactorStep(
          rate: 0.1, share: 0.4, leastRoot: 1e-4, leastScale: 1e-3, limit: 0.5, keep: 0.98)
        WeightUpdate.adafactor(
          x.view, gradient: g.view, rowVariance: r.view,
          columnVariance: c.view[0..<(batch * columns)], batch: batch, rows: rows,
          columns: columns, step)
        let size = (x.exact.reduce(0) { $0 + $1 * $1 } / Double(count)).squareRoot()
        var updates: [Double] = []
        func square(_ b: Int, _ i: Int, _ j: Int) -> Double {
          let value = g.exact[(b * rows + i) * columns + j]
          return value * value
        }
        for b in 0..<batch {
          for i in 0..<rows {
            let mean = (0..<columns).reduce(0) { $0 + square(b, i, $1) } / Double(columns)
            r.exact[b * rows + i] += 0.4 * (mean - r.exact[b * rows + i])
          }
          for j in 0..<columns {
            let mean = (0..<rows).reduce(0) { $0 + square(b, $1, j) } / Double(rows)
            c.exact[b * columns + j] += 0.4 * (mean - c.exact[b * columns + j])
          }
          let mean = r.exact[(b * rows)..<((b + 1) * rows)].reduce(0, +) / Double(rows)
          for i in 0..<rows {
            for j in 0..<columns {
              let variance = r.exact[b * rows + i] * c.exact[b * columns + j] / mean
              updates.append(g.exact[(b * rows + i) * columns + j] / variance.squareRoot())
            }
          }
        }
        let spread = (updates.reduce(0) { $0 + $1 * $1 } / Double(count)).squareRoot()
        for i in 0..<count {
          x.exact[i] = 0.98 * x.exact[i] - 0.1 * size / max(1, spread / 0.5) * updates[i]
        }
        expectRounded(x, "weights", isa)
        expectRounded(r, "rows", isa)
        expectRounded(c, "columns", isa)
      }
    }

    @Test(arguments: VariantTests.sizes) func sumsAndAverages(count: Int) {
      eachInstructionSet { isa in
        var (x, g, _, _) = made(count)
        let exact = x.exact.reduce(0) { $0 + $1 * $1 }
        #expect(abs(WeightUpdate.sumOfSquares(x.view) - exact) <= 1e-14 * exact * Double(count))
        WeightUpdate.approach(x.view, g.view, share: 0.25)
        for i in 0..<count { x.exact[i] += 0.25 * (g.exact[i] - x.exact[i]) }
        expectRounded(x, "average", isa)
      }
    }

    @Test func sumsDoNotLoseSmallTermsAmongLargeOnes() {
      let count = 100_000
      let values = FloatView([4096] + [Float](repeating: 0x1p-6, count: count))
      #expect(WeightUpdate.sumOfSquares(values) == 0x1p24 + Double(count) * 0x1p-12)
    }
  }
}
