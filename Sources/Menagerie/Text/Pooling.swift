import BinaryIO
import Formats
import Glibc
import JSON
import OrderedCollections

/// How the vectors of a text's tokens become one vector.
///
/// - Source: `modules.json` and `1_Pooling/config.json` of sentence-transformers 5.
public struct Pooling: Sendable, Equatable {
  public enum Mode: String, Sendable, CaseIterable {
    /// The first token's vector.
    case first
    case mean
    case maximum
    /// The sum over the square root of the number of tokens.
    case meanOfSquareRoot
    /// The mean with the weights 1, 2, 3 … .
    case weightedMean
    /// The last token's vector.
    case last
  }

  /// Each gives a vector; they stand one after the other.
  public var modes: [Mode]
  /// Whether the vector is given the length 1.
  public var normalises: Bool

  public init(_ modes: [Mode] = [.mean], normalises: Bool = true) {
    self.modes = modes
    self.normalises = normalises
  }

  /// One vector from a text's `count` rows of `width` values.
  func callAsFunction(_ rows: ArraySlice<Float>, count: Int, width: Int) -> [Float] {
    var result: [Float] = []
    for mode in modes { result += pooled(rows, count: count, width: width, mode) }
    guard normalises else { return result }
    // As PyTorch: a vector without a direction stays as it is
    let length = result.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    return result.map { Float(Double($0) / max(length, 1e-12)) }
  }

  private func pooled(
    _ rows: ArraySlice<Float>, count: Int, width: Int, _ mode: Mode
  ) -> [Float] {
    func row(_ index: Int) -> ArraySlice<Float> {
      let start = rows.startIndex + index * width
      return rows[start..<(start + width)]
    }
    func sum(_ weight: (Int) -> Double) -> [Double] {
      var sums = [Double](repeating: 0, count: width)
      for index in 0..<count {
        let (factor, row) = (weight(index), row(index))
        for (i, value) in row.enumerated() { sums[i] += factor * Double(value) }
      }
      return sums
    }
    guard count > 0 else { return [Float](repeating: 0, count: width) }
    switch mode {
    case .first: return Array(row(0))
    case .last: return Array(row(count - 1))
    case .mean: return sum { _ in 1 }.map { Float($0 / Double(count)) }
    case .meanOfSquareRoot: return sum { _ in 1 }.map { Float($0 / Double(count).squareRoot()) }
    case .weightedMean:
      let total = Double(count * (count + 1) / 2)
      return sum { Double($0 + 1) }.map { Float($0 / total) }
    case .maximum:
      return (1..<count).reduce(into: Array(row(0))) { result, index in
        for (i, value) in row(index).enumerated() { result[i] = max(result[i], value) }
      }
    }
  }
}

extension Pooling {
  /// What the files of sentence-transformers say; nil when there are none.
  /// - Throws: `.unsupported` for a module that is not computed here, by its name.
  init?(companions checkpoint: Checkpoint) throws {
    guard let modules = try checkpoint.json(companion: "modules.json")?.array else { return nil }
    var found: Pooling?
    for module in modules {
      let type = module["type"]?.string ?? ""
      let folder = module["path"]?.string ?? ""
      switch type.split(separator: ".").last {
      case "Transformer": break
      case "Pooling":
        let config = try checkpoint.json(companion: "\(folder)/config.json")
        found = Pooling(try Pooling.modes(config), normalises: found?.normalises ?? false)
      case "Normalize": found = Pooling(found?.modes ?? [.mean], normalises: true)
      default:
        throw DataError(
          .unsupported, "the module '\(type)' is not computed",
          expected: "Transformer, Pooling or "
            + "Normalize", subject: "modules.json",
          remedy: "give arrays with --inputs for the vectors of tokens")
      }
    }
    guard let found else { return nil }
    self = found
  }

  private static func modes(_ config: JSONValue?) throws -> [Mode] {
    let names: [(String, String, Mode)] = [
      ("pooling_mode_cls_token", "cls", .first), ("pooling_mode_mean_tokens", "mean", .mean),
      ("pooling_mode_max_tokens", "max", .maximum),
      ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", .meanOfSquareRoot),
      ("pooling_mode_weightedmean_tokens", "weightedmean", .weightedMean),
      ("pooling_mode_lasttoken", "lasttoken", .last),
    ]
    if let name = config?["pooling_mode"]?.string {
      let modes = try name.split(separator: "+").map { part in
        guard let known = names.first(where: { $0.1 == part }) else {
          throw DataError(
            .unsupported, "the pooling '\(part)' is not known",
            expected: names.map(\.1).joined(separator: ", "), subject: "pooling_mode")
        }
        return known.2
      }
      if !modes.isEmpty { return modes }
    }
    let modes = names.filter { config?[$0.0]?.bool == true }.map(\.2)
    return modes.isEmpty ? [.mean] : modes
  }
}
