import Formats
import Tensors

/// In which types llama.cpp wants the tensors of a model, and which mix of them is usual where matrices are quantised.
///
/// - Source: what llama.cpp's `llama-quantize` does for these kinds: vectors stay float32, the output matrix gets six bits, and in
///   the mix of `q4_K` so do half of the value and down projections. Where it has a kind that is not written here (Q5_0,
///   Q5_1) for rows that are no whole blocks, eight bits are taken.
struct StoragePlan {
  private let layers: Int
  private let hasOutput: Bool
  private let asked: DataType?

  init(_ checkpoint: Checkpoint, asked: DataType?) {
    let names = checkpoint.normalised.map(\.entry.name)
    layers = (names.compactMap { StoragePlan.layer($0)?.number }.max() ?? -1) + 1
    hasOutput = names.contains("output.weight")
    self.asked = asked
  }

  func choice(for entry: TensorEntry) -> StorageChoice {
    let own = entry.dataType
    guard own.isReal else { return StorageChoice(own) }
    if entry.shape.rank < 2 || StoragePlan.plain.contains(entry.name) {
      return StorageChoice(.float32)
    }
    guard let asked else {
      return StorageChoice(GGUFTensorType(own) == nil || own == .float64 ? .float32 : own)
    }
    guard asked.isBlockQuantised else {
      return StorageChoice(GGUFTensorType(asked) == nil ? .float32 : asked)
    }
    let wanted = mixed(asked, entry.name)
    if wanted.fits(entry.shape) {
      return StorageChoice(wanted, note: wanted == asked ? nil : "the usual mix of \(asked)")
    }
    let row = entry.shape.last ?? 0
    let note = "rows of \(row) are no whole blocks of \(wanted)"
    if DataType.q8_0.fits(entry.shape) { return StorageChoice(.q8_0, note: note) }
    return StorageChoice(own == .bfloat16 ? .bfloat16 : .float16, note: note)
  }

  /// Tables that are read row by row and stay as they are.
  private static let plain: Set<String> = ["position_embd.weight", "token_types.weight"]

  private func mixed(_ asked: DataType, _ name: String) -> DataType {
    guard asked != .q8_0 else { return asked }
    let isOutput = name == "output.weight" || !hasOutput && name == "token_embd.weight"
    if isOutput { return .q6_K }
    guard asked == .q4_K, let (number, part) = StoragePlan.layer(name),
      ["attn_v.weight", "ffn_down.weight"].contains(part)
    else { return asked }
    let isMore =
      number < layers / 8 || number >= 7 * layers / 8 || (number - layers / 8) % 3 == 2
    return isMore ? .q6_K : asked
  }

  /// The layer that a name speaks of, and the rest of the name.
  private static func layer(_ name: String) -> (number: Int, part: String)? {
    let parts = name.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0] == "blk", let number = Int(parts[1]), number < 1 << 20
    else { return nil }
    return (number, String(parts[2]))
  }
}

extension GGUFFormat {
  /// Tensors of a GGUF file stay what they are, unless another type is asked for.
  public func storage(of checkpoint: Checkpoint, asked: DataType?) -> [StorageChoice]? {
    if checkpoint.gguf != nil, asked == nil { return nil }
    let plan = StoragePlan(checkpoint, asked: asked)
    return checkpoint.normalised.map { plan.choice(for: $0.entry) }
  }
}
