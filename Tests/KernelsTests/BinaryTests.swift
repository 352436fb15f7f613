import Glibc
import Kernels
import TestSupport
import Testing

extension VariantTests {
  @Suite struct BinaryTests {
    static func exact(_ operation: BinaryOperator, _ a: Float, _ b: Float) -> Double {
      switch operation {
      case .add: Double(a) + Double(b)
      case .subtract: Double(a) - Double(b)
      case .multiply: Double(a) * Double(b)
      case .divide: Double(a) / Double(b)
      case .maximum: a.isNaN || b.isNaN ? .nan : Double(max(a, b))
      case .minimum: a.isNaN || b.isNaN ? .nan : Double(min(a, b))
      case .power: pow(Double(a), Double(b))
      }
    }

    static let makers: [@Sendable (FloatView) -> Operand] = [
      { .whole($0) }, { .scalar($0) }, { .perColumn($0) }, { .perImage($0) }, { .perRow($0) },
    ]

    @Test(arguments: BinaryOperator.allCases)
    func spreadsOperands(operation: BinaryOperator) {
      var noise = Noise()
      let (images, rows, columns) = (2, 3, 37)
      let counts = [images * rows * columns, 1, columns, images * columns, images * rows]
      let index: [(Int, Int, Int) -> Int] = [
        { ($0 * rows + $1) * columns + $2 }, { _, _, _ in 0 }, { $2 }, { $0 * columns + $2 },
        { image, row, _ in image * rows + row },
      ]
      let pool = ThreadPool(threads: 2)
      eachInstructionSet { isa in
        for left in 0..<5 {
          for right in 0..<5 {
            var (a, b) = (noise.floats(counts[left]), noise.floats(counts[right]))
            a[0] = left == right ? .nan : a[0]
            if operation == .power { (a, b) = (a.map { abs($0) + 0.1 }, b.map { $0 * 3 }) }
            let result = FloatView(zeros: images * rows * columns)
            Elementwise.binary(
              operation, Self.makers[left](FloatView(a)), Self.makers[right](FloatView(b)),
              images: images, rows: rows, columns: columns, into: result, pool: pool)
            for image in 0..<images {
              for row in 0..<rows {
                for column in 0..<columns {
                  let y = result[index[0](image, row, column)]
                  let (x, z) = (
                    a[index[left](image, row, column)], b[index[right](image, row, column)]
                  )
                  let allowed = operation == .power ? 1.0 : 0.5
                  guard ulps(y, Self.exact(operation, x, z)) <= allowed else {
                    Issue.record("\(x) \(operation) \(z) is \(y); \(left), \(right), \(isa)")
                    return
                  }
                }
              }
            }
          }
        }
      }
    }

    @Test(arguments: VariantTests.sizes)
    func addsInPlaceAndClamps(count: Int) {
      var noise = Noise()
      let (a, b) = (noise.floats(count), noise.floats(count))
      eachInstructionSet { _ in
        let inPlace = FloatView(a + [9])
        Elementwise.binary(
          .add, .whole(inPlace), .whole(FloatView(b)), columns: count,
          clamp: Clamp(minimum: 0, maximum: 0.5), into: inPlace)
        #expect(inPlace.array == zip(a, b).map { min(max($0 + $1, 0), 0.5) } + [9])
      }
    }

    @Test func largeOperandsAreSharedOut() {
      var noise = Noise()
      let count = 100_000
      let (a, b) = (noise.floats(count), noise.floats(count))
      let result = FloatView(zeros: count)
      Elementwise.binary(
        .multiply, .whole(FloatView(a)), .whole(FloatView(b)), columns: count, into: result,
        pool: ThreadPool(threads: 3))
      #expect(result.array == zip(a, b).map { $0 * $1 })
    }

    @Test(arguments: [1, 15, 16, 17, 33])
    func affineScalesEachColumn(columns: Int) {
      var noise = Noise()
      let rows = 5
      let (x, scale, shift) = (
        noise.floats(rows * columns), noise.floats(columns), noise.floats(columns)
      )
      eachInstructionSet { _ in
        let result = FloatView(x)
        Elementwise.affine(
          result, scale: FloatView(scale), shift: FloatView(shift), rows: rows, columns: columns,
          clamp: .relu, into: result)
        var reference = Reference(count: rows * columns)
        for i in 0..<rows * columns {
          reference.add(Double(x[i]) * Double(scale[i % columns]), to: i)
          reference.add(Double(shift[i % columns]), to: i)
          reference.values[i] = max(reference.values[i], 0)
        }
        expectClose(result, reference, terms: 2)
      }
    }
  }
}
