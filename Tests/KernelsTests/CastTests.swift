import CKernels
import TestSupport
import Testing

extension VariantTests {
  @Suite struct CastTests {
    /// Every kind of float32: all exponents, ties and their neighbours, both signs, infinities,
    /// NaN.
    static let floats: [Float] = {
      var values: [Float] = [
        0, -0.0, .infinity, -.infinity, .nan, 448, 464, 465, 480, 65519, 65520,
      ]
      var noise = Noise()
      for exponent in UInt32(0)..<255 {
        for low: UInt32 in [
          0, 1, 0x0FFF, 0x1000, 0x1001, 0x7FFF, 0x8000, 0x8001, 0x18000, 0x7FFFFF,
          0x080000, 0x080001, 0x0FFFFF, 0x100000, 0x180000, 0x300000, 0x3FFFFF, 0x500000,
        ] {
          values.append(Float(bitPattern: exponent << 23 | low))
          values.append(-Float(bitPattern: exponent << 23 | low))
        }
        values.append(Float(bitPattern: exponent << 23 | UInt32(noise.next().magnitude * 0x7FFFFF)))
      }
      return values
    }()

    static func cast<From, To>(
      _ values: [From], _ from: mng_dtype, _ to: mng_dtype, _ zero: To
    ) -> [To] {
      var result = Array(repeating: zero, count: values.count)
      unsafe values.withUnsafeBytes { source in
        unsafe result.withUnsafeMutableBytes { target in
          if let source = source.baseAddress, let target = target.baseAddress {
            unsafe mng_cast(source, from, target, to, values.count)
          }
        }
      }
      return result
    }

    /// The value of a narrow float's bits, by the definition of the formats.
    static func value(_ code: Int, exponent: Int, mantissa: Int, hasInfinity: Bool) -> Double {
      let sign: Double = code >> (exponent + mantissa) & 1 == 1 ? -1 : 1
      let (e, m) = (code >> mantissa & (1 << exponent - 1), code & (1 << mantissa - 1))
      let bias = 1 << (exponent - 1) - 1
      if e == 1 << exponent - 1 {
        if hasInfinity { return m == 0 ? sign * .infinity : .nan }
        if m == 1 << mantissa - 1 { return .nan }
      }
      let scale = Double(sign: .plus, exponent: max(e, 1) - bias - mantissa, significand: 1)
      return sign * scale * Double(e == 0 ? m : m + 1 << mantissa)
    }

    @Test(arguments: [
      (MNG_F16, 5, 10, true), (MNG_BF16, 8, 7, true), (MNG_F8E5M2, 5, 2, true),
      (MNG_F8E4M3, 4, 3, false),
    ])
    func narrowFloatsRoundToNearestEven(
      type: mng_dtype, exponent: Int, mantissa: Int, hasInfinity: Bool
    ) {
      let bits = 1 + exponent + mantissa
      // The finite numbers of one sign in order; a tie goes to the even code.
      let finite = (0..<1 << (bits - 1)).map {
        Self.value($0, exponent: exponent, mantissa: mantissa, hasInfinity: hasInfinity)
      }.prefix { $0.isFinite }
      let largest = finite.count - 1
      let beyond = finite[largest] + (finite[largest] - finite[largest - 1]) / 2
      func expected(_ value: Float) -> Int? {
        if value.isNaN { return nil }
        let size = Double(value.magnitude)
        let sign = value.sign == .minus ? 1 << (bits - 1) : 0
        if size >= beyond { return sign | (hasInfinity ? largest + 1 : largest) }
        var (low, high) = (0, largest)
        while low < high {
          let middle = (low + high + 1) / 2
          if finite[middle] <= size { low = middle } else { high = middle - 1 }
        }
        if low < largest {
          let (below, above) = (size - finite[low], finite[low + 1] - size)
          if above < below || (above == below && low % 2 == 1) { low += 1 }
        }
        return sign | low
      }
      let wanted = Self.floats.map(expected)
      eachInstructionSet { isa in
        let codes =
          bits == 8
          ? Self.cast(Self.floats, MNG_F32, type, UInt8(0)).map { Int($0) }
          : Self.cast(Self.floats, MNG_F32, type, UInt16(0)).map { Int($0) }
        for ((float, code), wanted) in zip(zip(Self.floats, codes), wanted) {
          let found = Self.value(
            code, exponent: exponent, mantissa: mantissa, hasInfinity: hasInfinity)
          guard wanted.map({ $0 == code }) ?? found.isNaN else {
            Issue.record("\(float) becomes \(code), not \(wanted ?? -1), \(isa)")
            return
          }
        }
      }
    }

    @Test(arguments: [
      (MNG_F16, 5, 10, true), (MNG_BF16, 8, 7, true), (MNG_F8E5M2, 5, 2, true),
      (MNG_F8E4M3, 4, 3, false),
    ])
    func everyNarrowFloatWidensExactly(
      type: mng_dtype, exponent: Int, mantissa: Int, hasInfinity: Bool
    ) {
      let bits = 1 + exponent + mantissa
      eachInstructionSet { isa in
        let floats =
          bits == 8
          ? Self.cast((0..<256).map { UInt8($0) }, type, MNG_F32, Float(0))
          : Self.cast((0..<65536).map { UInt16($0) }, type, MNG_F32, Float(0))
        for (code, float) in floats.enumerated() {
          let exact = Self.value(
            code, exponent: exponent, mantissa: mantissa, hasInfinity: hasInfinity)
          guard exact.isNaN ? float.isNaN : Double(float) == exact else {
            Issue.record("\(code) becomes \(float), not \(exact), \(isa)")
            return
          }
        }
      }
    }

    @Test func wideNumbersRoundOnce() {
      let doubles: [Double] = [0.1, 1e300, -.leastNonzeroMagnitude, .nan, 16_777_217, 3, 1 / 3]
      let longs: [Int64] = [16_777_217, -16_777_219, .max, .min, 5]
      let unsigned: [UInt64] = [.max, 1 << 63 + 1 << 39, 16_777_219, 7]
      eachInstructionSet { _ in
        let floats = Self.cast(doubles, MNG_F64, MNG_F32, Float(0))
        for (x, y) in zip(doubles, floats) { #expect(x.isNaN ? y.isNaN : y == Float(x)) }
        #expect(Self.cast(longs, MNG_I64, MNG_F32, Float(0)) == longs.map { Float($0) })
        #expect(Self.cast(unsigned, MNG_U64, MNG_F32, Float(0)) == unsigned.map { Float($0) })
        // Through float32 this would be rounded twice, to 1 + 2^-7 rather than 1.
        #expect(
          Self.cast([1 + 0x1p-8 + 0x1p-30 - 0x1p-29], MNG_F64, MNG_BF16, UInt16(0)) == [0x3F80])
        #expect(
          Self.cast([0, 1, 7] as [UInt8], MNG_BOOL, MNG_F32, Float(0)) == [0, 1, 1])
        #expect(Self.cast([-128, 127] as [Int8], MNG_I8, MNG_F16, Float16(0)) == [-128, 127])
      }
    }
  }
}
