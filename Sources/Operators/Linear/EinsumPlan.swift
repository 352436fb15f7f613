import BinaryIO
import ModelGraph

/// An equation of Einstein's convention, read and compared with its operands.
struct EinsumPlan {
  /// An axis: a letter, or a number for an axis of the ellipsis (0 is the last one).
  typealias Label = String

  var operands: [[Label]] = []
  var output: [Label] = []
  var extents: [Label: Dimension] = [:]

  init(_ equation: String, _ shapes: [[Dimension]]) throws {
    let wrong = DataError(.mismatch, "the equation '\(equation)'")
    let sides = equation.filter { $0 != " " }.split(
      separator: "->", maxSplits: 2, omittingEmptySubsequences: false)
    guard (1...2).contains(sides.count), equation.utf8.count <= 1_000 else { throw wrong }
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    guard terms.count == shapes.count else {
      throw DataError(
        .mismatch, "the equation '\(equation)' on \(shapes.count) inputs",
        expected: "\(terms.count)")
    }
    var widest = 0
    for (term, shape) in zip(terms, shapes) {
      let letters = term.filter { $0 != "." }.count
      let stretched = term.contains("...") ? shape.count - letters : 0
      guard stretched >= 0, let labels = EinsumPlan.labels(of: term, ellipsis: stretched),
        labels.count == shape.count
      else {
        throw DataError(.mismatch, "the term '\(term)' for an input \(text(shape))")
      }
      widest = max(widest, stretched)
      for (label, dimension) in zip(labels, shape) {
        let known = extents[label] ?? 1
        guard known == 1 || dimension == 1 || unified(known, dimension) != nil else {
          throw DataError(
            .mismatch, "the axis '\(label)' of '\(equation)' is \(known) and \(dimension)")
        }
        extents[label] = known == 1 ? dimension : dimension == 1 ? known : unified(known, dimension)
      }
      operands.append(labels)
    }
    if sides.count == 2 {
      guard let labels = EinsumPlan.labels(of: sides[1], ellipsis: widest),
        Set(labels).count == labels.count, labels.allSatisfy({ extents[$0] != nil })
      else { throw wrong }
      output = labels
    } else {
      let all = operands.flatMap(\.self)
      let letters = Set(all).filter { label in
        Int(label) == nil && all.count(where: { $0 == label }) == 1
      }
      output = (0..<widest).reversed().map(String.init) + letters.sorted()
    }
  }

  /// The axes of a term, or nil when it is none.
  private static func labels(of term: Substring, ellipsis: Int) -> [Label]? {
    let parts = term.split(separator: "...", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count <= 2, !parts.contains(where: { $0.contains(where: { !$0.isLetter }) }) else {
      return nil
    }
    let stretched = parts.count == 2 ? (0..<ellipsis).reversed().map(String.init) : []
    return parts[0].map(String.init) + stretched
      + (parts.count == 2 ? parts[1].map(String.init) : [])
  }
}
