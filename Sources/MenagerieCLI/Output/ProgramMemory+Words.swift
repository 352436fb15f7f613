import Execution
import JSON

extension ProgramMemory {
  /// What came of `--recompute`.
  var note: String {
    let now = Quantities.bytes(bytes)
    guard recomputedParts > 0 else {
      return
        "--recompute changes nothing: computing parts of this model twice saves less than a tenth of \(now) between the layers"
    }
    let before = bytesWithoutRecomputation.map { " instead of \(Quantities.bytes($0))" } ?? ""
    let parts = recomputedParts == 1 ? "1 part is" : "\(recomputedParts) parts are"
    return "values between the layers take \(now)\(before): \(parts) computed twice (--recompute)"
  }

  var json: JSONValue {
    [
      "bytes": .integer(bytes),
      "bytesWithoutRecomputation": bytesWithoutRecomputation.map { .integer($0) } ?? .null,
      "recomputedParts": .integer(recomputedParts),
    ]
  }
}
