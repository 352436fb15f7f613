import Glibc
import Kernels
import TestSupport
import Testing

extension VariantTests {
  @Suite struct UnaryTests {
    struct Function: Sendable, CustomStringConvertible {
      let operation: UnaryOperator
      let exact: @Sendable (Double) -> Double
      /// Units in the last place; where a function is a difference of larger terms, `absolute` is
      /// allowed instead.
      let ulps: Double
      let absolute: Double
      let description: String

      init(
        _ operation: UnaryOperator, ulps: Double, absolute: Double = 0,
        _ exact: @escaping @Sendable (Double) -> Double
      ) {
        self.operation = operation
        self.exact = exact
        self.ulps = ulps
        self.absolute = absolute
        description = "\(operation)"
      }
    }

    static let functions: [Function] = [
      Function(.clip(Clamp(minimum: -0.5, maximum: 6)), ulps: 0) { min(max($0, -0.5), 6) },
      Function(.leakyRelu(alpha: 0.25), ulps: 0.5) { $0 < 0 ? 0.25 * $0 : $0 },
      Function(.elu(alpha: 1.5), ulps: 3) { $0 < 0 ? 1.5 * expm1($0) : $0 },
      Function(.selu(alpha: 1.5, gamma: 1.25), ulps: 3) { 1.25 * ($0 < 0 ? 1.5 * expm1($0) : $0) },
      Function(.sigmoid, ulps: 3) { 1 / (1 + exp(-$0)) },
      Function(.hardSigmoid(alpha: 0.25, beta: 0.5), ulps: 1, absolute: 1e-7) {
        min(max(0.25 * $0 + 0.5, 0), 1)
      },
      Function(.hardSwish(alpha: 0.125, beta: 0.5), ulps: 2, absolute: 1e-6) {
        $0 * min(max(0.125 * $0 + 0.5, 0), 1)
      },
      Function(.silu, ulps: 4, absolute: 1e-38) { $0 / (1 + exp(-$0)) },
      Function(.mish, ulps: 5, absolute: 1e-38) { $0 * tanh(log1p(exp($0))) },
      // Far below zero, the rounding of x^2 counts; results there are tiny.
      Function(.gelu, ulps: 6, absolute: 2e-7) { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) },
      Function(.geluTanh, ulps: 6, absolute: 2e-7) {
        0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
      },
      Function(.softplus, ulps: 3) { $0 > 0 ? $0 + log1p(exp(-$0)) : log1p(exp($0)) },
      Function(.softsign, ulps: 2) { $0 / (1 + abs($0)) },
      Function(.tanh, ulps: 2) { tanh($0) },
      Function(.erf, ulps: 3) { erf($0) },
      Function(.exp, ulps: 2) { exp($0) },
      Function(.log, ulps: 2) { $0 < 0 ? .nan : log($0) },
      Function(.sqrt, ulps: 0.5) { $0.squareRoot() },
      Function(.reciprocal, ulps: 0.5) { 1 / $0 },
      Function(.negate, ulps: 0) { -$0 },
      Function(.absolute, ulps: 0) { abs($0) },
      Function(.floor, ulps: 0) { $0.rounded(.down) },
      Function(.ceil, ulps: 0) { $0.rounded(.up) },
      Function(.round, ulps: 0) { $0.rounded(.toNearestOrEven) },
      Function(.sign, ulps: 0) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 },
    ]

    /// Every magnitude that matters, both signs, ties of rounding, and the edges of the formulas'
    /// branches.
    static let inputs: [Float] = {
      var values: [Float] = [
        0, -0.0, .nan, .infinity, -.infinity, 0.5, 1.5, 2.5, -0.5, -1.5, 0.625, 0.6249999, 1, -1,
        0.9999999, 20, 20.0001, 88, 88.7, 88.8, 89, -87, -88, -100, -103, -103.9, -104, -105, 1e-38,
        .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude / 3, 1e38, -1e38,
        .greatestFiniteMagnitude, 4, -4, -5, -6, -9, -12, -14,
      ]
      var noise = Noise()
      for exponent in -30...7 {
        for _ in 0..<40 {
          values.append(noise.next() * Float(sign: .plus, exponent: exponent, significand: 1))
        }
      }
      return values
    }()

    @Test(arguments: functions)
    func isAsAccurateAsItSays(function: Function) {
      let (inputs, input) = (Self.inputs, FloatView(Self.inputs))
      eachInstructionSet { isa in
        let result = FloatView(zeros: inputs.count)
        Elementwise.unary(function.operation, input, count: inputs.count, into: result)
        var worst = 0.0
        for (x, y) in zip(inputs, result.array) {
          let exact = function.exact(Double(x))
          let far = ulps(y, exact)
          if far > function.ulps, !(abs(Double(y) - exact) <= function.absolute) {
            // At the infinities, a limit is as good as the formula's NaN.
            if exact.isNaN && x.isInfinite { continue }
            Issue.record("\(function) of \(x) is \(y), not \(exact): \(far) ulp, \(isa)")
            return
          }
          worst = max(worst, far.isFinite ? far : 0)
        }
      }
    }

    @Test(arguments: VariantTests.sizes)
    func worksInPlaceAtEverySize(count: Int) {
      var noise = Noise()
      let values = noise.floats(count)
      eachInstructionSet { _ in
        let (apart, inPlace) = (FloatView(zeros: count + 1), FloatView(values + [7]))
        Elementwise.unary(.silu, FloatView(values), count: count, into: apart)
        Elementwise.unary(.silu, inPlace, count: count, into: inPlace)
        #expect(apart.array.dropLast() == inPlace.array.dropLast())
        #expect(apart[count] == 0 && inPlace[count] == 7)
        for (x, y) in zip(values, apart.array) {
          #expect(ulps(y, Double(x) / (1 + exp(-Double(x)))) <= 4)
        }
      }
    }
  }
}
