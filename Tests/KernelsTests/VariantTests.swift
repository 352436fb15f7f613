import Kernels
import Testing

/// Tests of kernels that follow the thread's instruction set, which each of them sets.
@Suite struct VariantTests {
  /// Sizes one below, at and one above each vector width and its unrolled loops.
  static let sizes = [
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000,
  ]
}

/// How far `value` is from `exact`, in units of the last place of the exact value as a float.
func ulps(_ value: Float, _ exact: Double) -> Double {
  let rounded = Float(exact)
  if value.isNaN || rounded.isNaN { return value.isNaN && rounded.isNaN ? 0 : .infinity }
  if value.isInfinite || rounded.isInfinite { return value == rounded ? 0 : .infinity }
  return abs(Double(value) - exact) / Double(max(rounded.ulp, Float.leastNonzeroMagnitude))
}
