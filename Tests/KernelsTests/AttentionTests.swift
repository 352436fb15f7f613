import Glibc
import Kernels
import TestSupport
import Testing

extension VariantTests {
  @Suite struct AttentionKernelTests {
    struct Case: Sendable {
      var heads = (queries: 2, keys: 1)
      var queries = 5
      var keys = 17
      var size = 16
      var width = 16
      var softcap: Float = 0
      var left: Int?
      var right: Int?
      var before = 0
      var isMasked = false
      /// The same for all queries: so many keys at the end take no part; of the others all, or not quite.
      var sharedMask: (end: Int, term: Float)?
    }

    static let cases: [Case] = [
      Case(), Case(queries: 1, keys: 1, size: 1, width: 1),
      Case(queries: 3, keys: 33, size: 15, width: 33),
      Case(heads: (6, 2), queries: 29, keys: 31, size: 17, width: 65, isMasked: true),
      Case(queries: 1, keys: 100, size: 64, width: 64, right: 0, before: 99),
      Case(heads: (3, 3), queries: 65, keys: 65, size: 32, width: 32, right: 0),
      Case(queries: 40, keys: 64, size: 8, width: 24, left: 7, right: 0, before: 20),
      Case(queries: 9, keys: 16, size: 8, width: 8, softcap: 1.5, right: 0, before: -4),
      Case(queries: 2, keys: 16, softcap: 1.5, left: 3, right: 2, before: -4, isMasked: true),
      Case(heads: (4, 4), queries: 43, keys: 40, size: 32, width: 32, sharedMask: (7, 0)),
      Case(queries: 30, keys: 33, right: 0, before: 3, sharedMask: (1, 0.25)),
      Case(queries: 3, keys: 20, sharedMask: (4, 0)), Case(queries: 20, sharedMask: (17, 0)),
      Case(
        heads: (1, 1), queries: 60, keys: 1100, size: 8, width: 8, left: 900, right: 0, before: 1040
      ),
    ]

    /// Shares add up to 1, so that a result's error is that of its shares: some ulp of a score, which is below 8 here, and the
    /// rounding of a sum of values below 1.
    static let allowed = 4e-6

    @Test(arguments: cases)
    func matchesReference(_ given: Case) {
      let batch = 2
      var noise = Noise()
      let q = noise.floats(batch * given.queries * given.heads.queries * given.size)
      let k = noise.floats(batch * given.keys * given.heads.keys * given.size)
      let v = noise.floats(batch * given.keys * given.heads.keys * given.width)
      var bias = noise.floats(batch * given.queries * given.keys).map {
        $0 < -0.4 ? -.infinity : $0
      }
      if let (end, term) = given.sharedMask {
        bias = bias.indices.map { $0 % given.keys >= given.keys - end ? -.infinity : term }
      }
      let isMasked = given.isMasked || given.sharedMask != nil
      let kernel = AttentionKernel(
        batch: batch, queryHeads: given.heads.queries, keyValueHeads: given.heads.keys,
        queries: given.queries, size: given.size, width: given.width, scale: 0.7,
        softcap: given.softcap, left: given.left, right: given.right)
      func joined(_ rows: Int, _ heads: Int, _ size: Int) -> HeadStrides {
        HeadStrides(batch: rows * heads * size, head: size, row: heads * size)
      }
      let (queries, keys) = (given.queries, given.keys)
      let lengths = [keys, max(0, keys - 3)]
      let outputs = queries * given.heads.queries * given.width
      eachInstructionSet { isa in
        let results = [1, 2, 3].map { threads in
          let y = FloatView([Float](repeating: .nan, count: batch * outputs))
          kernel.attend(
            (FloatView(q), joined(queries, given.heads.queries, given.size)),
            (FloatView(k), joined(keys, given.heads.keys, given.size)),
            (FloatView(v), joined(keys, given.heads.keys, given.width)), keys: lengths,
            before: [given.before, given.before],
            bias: isMasked
              ? AttentionBias(
                values: FloatView(bias),
                strides: HeadStrides(
                  batch: queries * keys, head: 0, row: given.isMasked ? keys : 0),
                key: 1) : nil,
            into: (y, joined(queries, given.heads.queries, given.width)),
            pool: ThreadPool(threads: threads))
          return y.array
        }
        #expect(results[0] == results[1] && results[0] == results[2], "\(isa)")
        var worst = 0.0
        for b in 0..<batch {
          for h in 0..<given.heads.queries {
            let other = h / (given.heads.queries / given.heads.keys)
            for i in 0..<queries {
              let position = i + given.before
              let scores = (0..<lengths[b]).map { j -> Double in
                if let left = given.left, j < position - left { return -.infinity }
                if let right = given.right, j > position + right { return -.infinity }
                var sum = 0.0
                for d in 0..<given.size {
                  let query = q[((b * queries + i) * given.heads.queries + h) * given.size + d]
                  let key = k[((b * keys + j) * given.heads.keys + other) * given.size + d]
                  sum += Double(query) * Double(key)
                }
                sum *= 0.7
                if given.softcap > 0 {
                  sum = Double(given.softcap) * tanh(sum / Double(given.softcap))
                }
                return isMasked ? sum + Double(bias[(b * queries + i) * keys + j]) : sum
              }
              let most = scores.max() ?? -.infinity
              let powers = scores.map { $0 == -.infinity ? 0 : exp($0 - most) }
              let total = powers.reduce(0, +)
              for d in 0..<given.width {
                var exact = 0.0
                for (j, power) in powers.enumerated() where power > 0 {
                  let value = v[((b * keys + j) * given.heads.keys + other) * given.width + d]
                  exact += power / total * Double(value)
                }
                let found =
                  results[0][((b * queries + i) * given.heads.queries + h) * given.width + d]
                worst = max(worst, found.isNaN ? .infinity : abs(Double(found) - exact))
              }
            }
          }
        }
        #expect(worst <= Self.allowed, "\(isa)")
      }
    }

    @Test(arguments: [false, true], [2, 6, 16, 33])
    func rotationMatchesReference(isInterleaved: Bool, pairs: Int) {
      let (batch, heads, sequence, size) = (2, 3, 4, 2 * pairs + 3)
      var noise = Noise()
      let x = noise.floats(batch * sequence * heads * size)
      let (cosines, sines) = (noise.floats(9 * pairs), noise.floats(9 * pairs))
      let rows = (0..<(batch * sequence)).map { ($0 * 5) % 9 }
      let kernel = RotaryKernel(
        batch: batch, heads: heads, sequence: sequence, size: size, pairs: pairs,
        isInterleaved: isInterleaved)
      eachInstructionSet { isa in
        let (y, inPlace) = (FloatView(zeros: x.count), FloatView(x))
        let strides = HeadStrides(batch: sequence * heads * size, head: size, row: heads * size)
        for (input, result) in [(FloatView(x), y), (inPlace, inPlace)] {
          kernel.turn(
            input, strides: strides, cosines: FloatView(cosines), sines: FloatView(sines),
            rows: rows, into: result, pool: ThreadPool(threads: 2))
        }
        #expect(y.array == inPlace.array)
        for index in x.indices {
          let (vector, feature) = (index / size, index % size)
          let row = rows[vector / heads] * pairs
          guard feature < 2 * pairs else {
            #expect(y[index] == x[index])
            continue
          }
          let pair = isInterleaved ? feature / 2 : feature % pairs
          let isFirst = isInterleaved ? feature % 2 == 0 : feature < pairs
          let other = index + (isInterleaved ? 1 : pairs) * (isFirst ? 1 : -1)
          let (c, s) = (Double(cosines[row + pair]), Double(sines[row + pair]))
          let exact = Double(x[index]) * c + Double(x[other]) * (isFirst ? -s : s)
          // Two products and a sum, all below 1.
          #expect(abs(Double(y[index]) - exact) <= 2e-7, "\(isa)")
        }
      }
    }

    @Test(arguments: RowTests.columns)
    func rmsNormMatchesReference(columns: Int) {
      var noise = Noise()
      let rows = 3
      let x = noise.floats(rows * columns)
      let scale = noise.floats(columns)
      eachInstructionSet { isa in
        let result = FloatView(x)
        Normalization.rmsNorm(
          result, rows: rows, columns: columns, scale: FloatView(scale), epsilon: 1e-3,
          into: result)
        for r in 0..<rows {
          let row = x[r * columns..<(r + 1) * columns].map { Double($0) }
          let square = row.reduce(0) { $0 + $1 * $1 } / Double(columns)
          for c in 0..<columns {
            let exact = row[c] / (square + 1e-3).squareRoot() * Double(scale[c])
            #expect(ulps(result[r * columns + c], exact) <= 6, "\(isa)")
          }
        }
      }
    }
  }
}
