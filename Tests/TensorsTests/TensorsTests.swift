import BinaryIO
import Tensors
import Testing

@Suite struct ShapeClaims {
  @Test(arguments: [[-1], [1 << 32, 1 << 32, 4], [Int.max, 2], [Int](repeating: 1, count: 65)])
  func refusesAbsurdExtents(dimensions: [Int]) {
    #expect(throws: DataError.self) { try Shape(checking: dimensions) }
  }

  @Test func zeroExtentsDoNotHideAnOverflow() {
    #expect(throws: DataError.self) { try Shape(checking: [0, 1 << 40, 1 << 40]) }
    #expect(Shape([0, 4]).elementCount == 0)
  }

  @Test func broadcastsByNumPysRule() {
    #expect(Shape([3, 1]).broadcast(with: [2, 1, 4]) == [2, 3, 4])
    #expect(Shape([3]).broadcast(with: [4]) == nil)
    #expect(Shape([]).broadcast(with: [2, 0]) == [2, 0])
  }
}

@Suite struct TensorViewClaims {
  let base = Tensor(shape: [4, 6], (0..<24).map { Float($0) })

  @Test func viewsShareTheStorage() {
    let view = base.transposed.sliced(axis: 0, 1..<6, step: 2)
    #expect(view.storage === base.storage)
    #expect(view.shape == [3, 4])
    #expect(view.floats == [1, 7, 13, 19, 3, 9, 15, 21, 5, 11, 17, 23])
  }

  @Test(arguments: [DataType.uint8, .int16, .float32, .float64])
  func permutationsOfEveryWidthMatchTheDefinition(type: DataType) {
    let source = Tensor(shape: [3, 17, 5, 2], (0..<510).map { Int64($0 % 200) }).cast(to: type)
    let order = [2, 0, 3, 1]
    let got = source.permuted(order).integers
    var expected: [Int] = []
    for a in 0..<5 {
      for b in 0..<3 {
        for c in 0..<2 {
          for d in 0..<17 {
            expected.append(((b * 17 + d) * 5 + a) * 2 + c)
          }
        }
      }
    }
    #expect(got == expected.map { $0 % 200 })
  }

  @Test func broadcastRepeatsWithoutCopying() {
    let row = Tensor([1, 2] as [Float]).broadcast(to: [3, 2])
    #expect(row.strides == [0, 1])
    #expect(row.floats == [1, 2, 1, 2, 1, 2])
  }

  @Test func tiesAreEqualIdentities() throws {
    let again = try Tensor(viewing: base.storage, dataType: .float32, shape: [4, 6])
    #expect(again.identity == base.identity)
    #expect(base.transposed.identity != base.identity)
    #expect(Tensor(shape: [4, 6], base.floats).identity != base.identity)
  }

  @Test(arguments: [
    (shape: [3, 4], strides: [400, 1], offset: 0), ([3, 4], [-4, 1], 0), ([3, 4], [4, 1], 14),
    ([3, 4], [4, 1], -4), ([3], [4, 1], 0), ([2, 2], [Int.max, Int.max], 0), ([25], [1], 0),
  ])
  func refusesViewsOutsideTheStorage(shape: [Int], strides: [Int], offset: Int) {
    #expect(throws: DataError.self) {
      try Tensor(
        viewing: base.storage, dataType: .float32, shape: Shape(checking: shape), strides: strides,
        offset: offset)
    }
  }

  @Test func emptyAndScalarTensorsHaveTheirBytes() {
    #expect(Tensor(zeros: [0, 4]).contiguousBytes.isEmpty)
    #expect(Tensor(scalar: Float(2.5)).floats == [2.5])
  }
}

@Suite struct CastClaims {
  @Test func halfRoundsToNearestEvenLikeSwift() {
    let values: [Float] = [
      0, -0.0, 1, 65504, 65519, 65520, 1e9, -1e9, 5.96e-8, 2.98e-8, 2.99e-8, 6.1e-5, 0.1, 1 / 3,
      .infinity,
      2049, 2051, -2.5e-5,
    ]
    let got = Tensor(values).cast(to: .float16).values(as: Float16.self)
    #expect(got.map(\.bitPattern) == values.map { Float16($0).bitPattern })
  }

  @Test func everyHalfSurvivesTheWayThroughFloat() {
    let all = (0...UInt16.max).map { Float16(bitPattern: $0) }
    let back = Tensor(all).cast(to: .float32).cast(to: .float16).values(as: Float16.self)
    for (a, b) in zip(all, back) { #expect(a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)) }
  }

  /// The bytes that PyTorch gives for `.to(torch.float8_e4m3fn)`, `.to(torch.float8_e5m2)` and `.to(torch.bfloat16)`.
  @Test func narrowFloatsHavePyTorchsBits() {
    let values: [Float] = [0, 1, -1.5, 448, 464, 465, 0.0019, 0.001, 57344, 61440, 1e-5, 0.3]
    let e4m3 = Tensor(values).cast(to: .float8E4M3).contiguousBytes.array
    #expect(e4m3 == [0, 0x38, 0xBC, 0x7E, 0x7E, 0x7E, 1, 1, 0x7E, 0x7E, 0, 0x2A])
    let e5m2 = Tensor(values).cast(to: .float8E5M2).contiguousBytes.array
    #expect(e5m2 == [0, 0x3C, 0xBE, 0x5F, 0x5F, 0x5F, 0x18, 0x14, 0x7B, 0x7C, 1, 0x35])
  }

  @Test func bfloat16IsTheRoundedUpperHalf() {
    let values: [Float] = [1, 1.00390625, 1.01171875, -3.4e38, Float(bitPattern: 0x0001_1000)]
    let got = Tensor(values).cast(to: .bfloat16).contiguousBytes
    #expect(
      (0..<5).map { try? got.load(UInt16.self, at: 2 * $0) } == [0x3F80, 0x3F80, 0x3F82, 0xFF80, 1])
  }

  @Test func integersWrapAndFloatsCutOff() {
    #expect(Tensor([300, -1] as [Int64]).cast(to: .uint8).integers == [44, 255])
    #expect(Tensor([2.9, -2.9] as [Float]).cast(to: .int32).integers == [2, -2])
    #expect(Tensor([0.0, 0.5] as [Float]).cast(to: .bool).values(as: Bool.self) == [false, true])
  }

  @Test func bigIntegersRoundOnceOnTheWayToFloat() {
    let value: Int64 = 9_007_199_791_611_905  // rounding to Double first would give another Float
    #expect(Tensor([value]).cast(to: .float32).values(as: Float.self) == [Float(value)])
  }

  @Test func lossIsCounted() {
    #expect(Tensor([0.5, 0.1, 1e9] as [Float]).valuesChanged(byCastingTo: .float16) == 2)
  }
}
