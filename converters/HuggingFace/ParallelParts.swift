import BinaryIO
import Formats
import JSON
import OrderedCollections
import PyTorchConverter
import Tensors

/// The parts of a model that Meta's program spreads over several devices: `consolidated.00.pth`, `consolidated.01.pth` …
///
/// - Source: the parallel layers of Meta's `llama`: products that make heads and features are shared out by rows, those that
///   take them by columns, the embedding by either; norms are in every part. Where there are more parts than heads of keys and
///   values, neighbours have the same one.
struct ParallelParts {
  static let parameters = "params.json"
  static let firstPart = "consolidated.00.pth"
  private static let byRows = [
    "layers.{i}.attention.wq", "layers.{i}.feed_forward.w1", "layers.{i}.feed_forward.w3",
    "output",
  ]
  private static let ofKeysAndValues = ["attention.wk", "attention.wv"]
  private static let byColumns = ["layers.{i}.attention.wo", "layers.{i}.feed_forward.w2"]

  let names: [String]

  /// Nil when there are none among a directory's files.
  init?(among names: [String]) {
    let found = names.compactMap { name in ParallelParts.number(of: name).map { ($0, name) } }
    guard !found.isEmpty else { return nil }
    self.names = found.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Whether a model has the names and the description that Meta's program takes.
  static func fits(_ checkpoint: Checkpoint) -> Bool {
    checkpoint.sidecars[parameters] != nil
      && checkpoint.normalised.contains { $0.entry.name == "layers.0.attention.wq.weight" }
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
    let copies = ParallelParts.copies(parts[0], of: parts.count, parameters)
    try namingFile(folder) { try checkCopies(parts, copies) }
    let map = map(parts[0], copies: copies)
    let account = try namingFile(folder) { try map.apply(to: tensors) }
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
    if copies > 1 {
      whole.notes.append("each head of keys and values is in \(copies) parts, and was taken once")
    }
    return whole
  }

  /// How many neighbouring parts have the same heads of keys and values.
  private static func copies(
    _ part: Checkpoint, of parts: Int, _ parameters: JSONValue?
  ) -> Int {
    guard let width = parameters?["dim"]?.integer, let heads = parameters?["n_heads"]?.integer,
      heads > 0, let shared = parameters?["n_kv_heads"]?.integer,
      let rows = part.tensors.first(where: { $0.name == "layers.0.attention.wk.weight" })?
        .shape.first
    else { return 1 }
    let (wanted, isTooMuch) = (parameters?["head_dim"]?.integer ?? width / heads)
      .multipliedReportingOverflow(by: shared)
    let (found, _) = rows.multipliedReportingOverflow(by: parts)
    guard !isTooMuch, wanted > 0, found > wanted, found % wanted == 0 else { return 1 }
    return parts % (found / wanted) == 0 ? found / wanted : 1
  }

  /// - Throws: `.malformed` where parts that should have the same heads differ, in the first layer.
  private func checkCopies(_ parts: [Checkpoint], _ copies: Int) throws {
    guard copies > 1 else { return }
    for kind in ParallelParts.ofKeysAndValues {
      let name = "layers.0.\(kind).weight"
      let found = try parts.map { try $0.tensors.first { $0.name == name }?.load() }
      for index in found.indices {
        guard let own = found[index], let first = found[index / copies * copies] else { continue }
        guard !own.isBitEqual(to: first) else { continue }
        throw DataError(
          .malformed, "is not the same in parts \(index / copies * copies) and \(index)",
          expected: "one head of keys and values in each \(copies) parts",
          subject: "tensor '\(name)'")
      }
    }
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
  private func map(_ first: Checkpoint, copies: Int) -> NameMap {
    func joined(_ name: String, axis: Int, each step: Int = 1) -> NameRule {
      let parts = stride(from: 0, to: names.count, by: step)
      let theirs = parts.map { NamePattern("\($0)/\(name)") }
      return theirs.count == 1
        ? .rename(theirs[0], NamePattern(name))
        : .concatenate(theirs, NamePattern(name), axis: axis)
    }
    let width = first.tensors.first { $0.name == "norm.weight" }?.shape.first
    let table = first.tensors.first { $0.name == "tok_embeddings.weight" }?.shape
    let isByRows = table?.rank == 2 && table?[1] == width
    var rules = [joined("tok_embeddings.weight", axis: isByRows ? 0 : 1)]
    rules += ParallelParts.byRows.map { joined("\($0).*", axis: 0) }
    rules += ParallelParts.ofKeysAndValues.map {
      joined("layers.{i}.\($0).*", axis: 0, each: copies)
    }
    rules += ParallelParts.byColumns.map { joined("\($0).weight", axis: 1) }
    rules.append(.rename("0/*", "*"))
    rules += names.indices.dropFirst().map { .drop(NamePattern("\($0)/*")) }
    return NameMap(rules)
  }
}
