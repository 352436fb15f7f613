import Kernels
import Testing

/// Numbers in [-1, 1) that are the same in every run.
struct Noise {
  private var state: UInt64

  init(seed: Int = 1) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
  }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
  mutating func view(_ count: Int) -> FloatView { FloatView(floats(count)) }
}

/// A result beside its reference in Double, with the sum of the absolute values of what was added
/// up.
struct Reference {
  var values: [Double]
  var magnitudes: [Double]

  init(count: Int) {
    values = Array(repeating: 0, count: count)
    magnitudes = values
  }

  mutating func add(_ value: Double, to index: Int) {
    values[index] += value
    magnitudes[index] += abs(value)
  }
}

/// A sum of `terms` floats is off by at most one rounding a term of the running sum; errors of
/// random sign grow as the square root, so that a few roots are far beyond chance.
func expectClose(
  _ found: FloatView, _ reference: Reference, terms: Int,
  _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  let found = found.array
  guard found.count == reference.values.count else {
    Issue.record(
      "\(found.count) values, not \(reference.values.count)", sourceLocation: sourceLocation)
    return
  }
  var bad = 0
  var first: Int?
  for (index, value) in found.enumerated() {
    let allowed =
      Double(Float.ulpOfOne) * (2 + 2 * Double(terms).squareRoot())
      * max(reference.magnitudes[index], 1e-30)
    if !(abs(Double(value) - reference.values[index]) <= allowed) {
      bad += 1
      if first == nil { first = index }
    }
  }
  if let first {
    let expected = reference.values[first]
    Issue.record(
      "\(comment) \(bad) of \(found.count) differ, [\(first)] is \(found[first]), not \(expected)",
      sourceLocation: sourceLocation)
  }
}
