import BinaryIO
import Tensors
import Testing

/// Shape and type alike, and every number within `relative · |expected| + absolute`; NaN only
/// beside NaN.
func expectClose(
  _ found: Tensor, _ expected: Tensor, relative: Double = 0, absolute: Double = 0,
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.shape == expected.shape, comment, sourceLocation: sourceLocation)
  #expect(found.dataType == expected.dataType, comment, sourceLocation: sourceLocation)
  guard found.shape == expected.shape else { return }
  let pairs = zip(found.doubles, expected.doubles)
  let bad = pairs.enumerated().filter { _, pair in
    let (a, b) = pair
    if a == b || a.isNaN && b.isNaN { return false }
    return !(abs(a - b) <= relative * abs(b) + absolute)
  }
  guard let first = bad.first else { return }
  Issue.record(
    """
    \(comment.map { "\($0): " } ?? "")element \(first.offset) is \(first.element.0), \
    not \(first.element.1); \(bad.count) of \(found.elementCount) are wrong
    """, sourceLocation: sourceLocation)
}

/// Expects an error of that code whose text contains `words`.
func expectError<R>(
  _ code: DataError.Code, _ words: String = "", sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> R
) {
  do {
    _ = try body()
    Issue.record("nothing was thrown; expected \(code)", sourceLocation: sourceLocation)
  } catch let error as DataError {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    #expect(error.description.contains(words), sourceLocation: sourceLocation)
  } catch {
    Issue.record("\(error)", sourceLocation: sourceLocation)
  }
}

/// Small whole numbers in no obvious order, as Float: sums of their products are exact.
func numbers(_ shape: Shape, seed: Int = 1) -> Tensor {
  var state = UInt32(truncatingIfNeeded: seed &* 2_654_435_761 &+ 12_345)
  return Tensor(
    shape: shape,
    (0..<shape.elementCount).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(Int(state >> 20) % 19 - 9)
    })
}
