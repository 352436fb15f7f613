import Kernels
import Tensors
import TestSupport
import Testing

extension VariantTests {
  /// Every instruction set drops the same, from any start.
  @Test func dropoutIsThatOfTheReference() {
    let mask = DropoutMask(seed: 0x1234_5678_9ABC, step: 42, stream: 7, rate: 0.3)
    eachInstructionSet { isa in
      for count in Self.sizes {
        for start in [0, 1, 63, 64, (1 << 36) + 5] {
          let x = (0..<count).map { Float($0) + 0.5 }
          let y = FloatView(zeros: count)
          mask.drop(FloatView(x), from: start, count: count, into: y)
          let expected = x.enumerated().map { index, value in
            mask.factor(UInt64(start + index)) == 0 ? 0 : value * Float(mask.scale)
          }
          #expect(y.array == expected, "\(isa), \(count) from \(start)")
        }
      }
    }
  }

  @Test func rowsAreDroppedAsAWhole() {
    let mask = DropoutMask(seed: 9, step: 0, stream: 7, rate: 0.5)
    let x = FloatView((0..<60).map { Float($0 + 1) })
    mask.dropRows(x, from: 3, rows: 20, into: x)
    for row in 0..<20 {
      let factor = Float(mask.factor(UInt64(3 + row)))
      #expect(
        Array(x.array[(3 * row)..<(3 * row + 3)]) == (1...3).map { Float(3 * row + $0) * factor })
    }
  }
}
