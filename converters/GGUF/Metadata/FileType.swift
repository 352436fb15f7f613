import Formats
import Tensors

/// `general.file_type`: what most of the matrices are, as a number.
///
/// - Source: `enum llama_ftype` in `llama.h`; of the mixed kinds, the middle one.
enum FileType {
  private static let numbers: [String: [UInt32]] = [
    "F32": [0], "F16": [1], "BF16": [32], "Q4_0": [2], "Q4_1": [3], "Q8_0": [7], "Q5_0": [8],
    "Q5_1": [9], "Q2_K": [10, 21], "Q3_K": [12, 11, 13], "Q4_K": [15, 14], "Q5_K": [17, 16],
    "Q6_K": [18], "IQ4_NL": [25], "MXFP4": [38],
  ]

  /// The number for these tensors; one that a file said stays where it is true.
  static func number(_ entries: [TensorEntry], said: Int?) -> UInt32? {
    var counts: [DataType: Int] = [:]
    for entry in entries where entry.shape.rank > 1 {
      counts[entry.dataType, default: 0] += entry.shape.elementCount
    }
    guard
      let most = counts.max(by: { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) })?.key,
      let type = GGUFTensorType(most), let known = numbers[type.name]
    else { return nil }
    if let said, known.contains(where: { Int($0) == said }) { return UInt32(said) }
    return known.first
  }
}
