import BinaryIO
import Formats
import JSON
import PyTorchConverter
import Tensors

/// The parts of a model that Meta's program spreads over several devices: `consolidated.00.pth`, `consolidated.01.pth` …
///
/// - Source: the parallel layers of Meta's `llama`: products that make heads and features are shared out by rows, those that
///   take them by columns, the embedding by either; norms are in every part.
struct ParallelParts {
  private static let parameters = "params.json"
  private static let byRows = [
    "layers.{i}.attention.wq", "layers.{i}.attention.wk", "layers.{i}.attention.wv",
    "layers.{i}.feed_forward.w1", "layers.{i}.feed_forward.w3", "output",
  ]
  private static let byColumns = ["layers.{i}.attention.wo", "layers.{i}.feed_forward.w2"]

  let names: [String]

  /// Nil when there are none among a directory's files.
  init?(among names: [String]) {
    let found = names.compactMap { name in ParallelParts.number(of: name).map { ($0, name) } }
    guard !found.isEmpty else { return nil }
    self.names = found.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Which part a file is; nil for another file.
  static func number(of name: String) -> Int? {
    let (start, end) = ("consolidated.", ".pth")
    guard name.hasPrefix(start), name.hasSuffix(end) else { return nil }
    return Int(name.dropFirst(start.utf8.count).dropLast(end.utf8.count))
  }

  private static func name(ofPart number: Int) -> String {
    "consolidated.\(number < 10 ? "0" : "")\(number).pth"
  }

  /// The whole, each tensor joined when it is asked for.
  /// - Throws: `.notFound` that names the first part that is missing.
  func read(in folder: String) throws -> Checkpoint {
    if let gap = names.indices.first(where: { ParallelParts.number(of: names[$0]) != $0 }) {
      throw missing(gap, of: nil, in: folder)
    }
    let parts = try names.map { try PyTorchFormat().read("\(folder)/\($0)") }
    let parameters = try? JSONFiles.read("\(folder)/\(ParallelParts.parameters)")
    if let count = ParallelParts.count(parts[0], parameters), count > parts.count {
      throw missing(parts.count, of: count, in: folder)
    }
    guard parts.count > 1 else { return parts[0] }
    let tensors = parts.enumerated().flatMap { index, part in
      part.tensors.map { NormalisedTensor($0.renamed("\(index)/\($0.name)")) }
    }
    let account = try namingFile(folder) { try map(parts[0]).apply(to: tensors) }
    if let first = account.unknown.first {
      throw DataError(
        .malformed, "is not in all of \(names.count) parts", subject: "tensor '\(first)'",
        path: folder)
    }
    var whole = parts[0]
    whole.tensors = account.tensors.map(\.entry)
    whole.normalised = whole.tensors.map { NormalisedTensor($0) }
    whole.security = parts.flatMap(\.security)
    whole.notes.append("joined from \(names.count) parts")
    return whole
  }

  private func missing(_ number: Int, of count: Int?, in folder: String) -> DataError {
    let known = count.map { "\($0 - names.count) of \($0) parts are missing, " } ?? ""
    let name = ParallelParts.name(ofPart: number)
    return DataError(
      .notFound, "\(known)'\(name)'\(count == nil ? " is missing" : " the first")", path: folder,
      remedy: "fetch all files of the model")
  }

  /// Into how many parts the model was cut: heads are `[…, heads · size / parts]` to the product behind them.
  private static func count(_ part: Checkpoint, _ parameters: JSONValue?) -> Int? {
    func shape(_ name: String) -> Shape? { part.tensors.first { $0.name == name }?.shape }
    guard let width = parameters?["dim"]?.integer ?? shape("norm.weight")?.first,
      let product = shape("layers.0.attention.wo.weight"), product.rank == 2, product[1] > 0
    else { return nil }
    var heads = width
    if let size = parameters?["head_dim"]?.integer, let number = parameters?["n_heads"]?.integer {
      (heads, _) = size.multipliedReportingOverflow(by: number)
    }
    return heads > 0 && heads % product[1] == 0 ? heads / product[1] : nil
  }

  /// From `<part>/<name>` to `<name>`.
  private func map(_ first: Checkpoint) -> NameMap {
    func joined(_ name: String, axis: Int) -> NameRule {
      .concatenate(
        names.indices.map { NamePattern("\($0)/\(name)") }, NamePattern(name), axis: axis)
    }
    let width = first.tensors.first { $0.name == "norm.weight" }?.shape.first
    let table = first.tensors.first { $0.name == "tok_embeddings.weight" }?.shape
    let isByRows = table?.rank == 2 && table?[1] == width
    var rules = [joined("tok_embeddings.weight", axis: isByRows ? 0 : 1)]
    rules += ParallelParts.byRows.map { joined("\($0).*", axis: 0) }
    rules += ParallelParts.byColumns.map { joined("\($0).weight", axis: 1) }
    rules.append(.rename("0/*", "*"))
    rules += names.indices.dropFirst().map { .drop(NamePattern("\($0)/*")) }
    return NameMap(rules)
  }
}
