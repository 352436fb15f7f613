import BinaryIO
import ModelGraph

/// The product of dimensions: fixed, or the one name there is when all others are 1.
/// - Throws: `.limitExceeded` on overflow.
func product(_ dimensions: some Sequence<Dimension>) throws -> Dimension {
  let factors = try Factors(dimensions)
  if factors.fixed == 0 { return 0 }
  if factors.others.isEmpty { return .fixed(factors.fixed) }
  return factors.fixed == 1 && factors.others.count == 1 ? factors.others[0] : .unknown
}

/// A number of elements: what is known of it, and the dimensions that are not fixed.
struct Factors {
  var fixed = 1
  var others: [Dimension] = []

  init(_ dimensions: some Sequence<Dimension>) throws {
    for dimension in dimensions {
      guard let extent = dimension.value else {
        others.append(dimension)
        continue
      }
      let (product, overflow) = fixed.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw DataError(.limitExceeded, "a product of extents that overflows")
      }
      fixed = product
    }
  }

  var isFixed: Bool { others.isEmpty }

  /// What is left after division by `divisor`, or nil when it does not divide; unknown when it may.
  func divided(by divisor: Factors) -> Dimension? {
    var rest = others
    for factor in divisor.others {
      guard case .symbol = factor, let index = rest.firstIndex(of: factor) else { return .unknown }
      rest.remove(at: index)
    }
    guard divisor.fixed != 0 else { return .unknown }
    guard rest.isEmpty || fixed == divisor.fixed else { return .unknown }
    guard fixed % divisor.fixed == 0 else { return rest.isEmpty ? nil : .unknown }
    if rest.isEmpty { return .fixed(fixed / divisor.fixed) }
    return rest.count == 1 ? rest[0] : .unknown
  }
}
