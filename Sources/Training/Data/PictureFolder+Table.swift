import BinaryIO
import JSON
import Kernels
import OrderedCollections

extension PictureFolder {
  /// The pictures that a table names: a column of paths, from the table's folder on, and one of classes.
  ///
  /// - Parameters:
  ///   - path: a file as `RecordFile` reads it.
  ///   - pathColumn: guessed by its name, then by its endings; `evidence` says so.
  ///   - labelColumn: guessed as `ColumnChoice` does.
  /// - Throws: with the table and the line, or the picture, named.
  public init(
    table path: String, pathColumn: String? = nil, labelColumn: String? = nil,
    validationShare: Double = 0.2, seed: UInt64 = 0, skipsBad: Bool = false,
    pool: ThreadPool? = nil
  ) throws {
    let file = try RecordFile(path, skipsBad: skipsBad)
    let names = ["path", "file", "filename", "file_name", "image", "image_path", "picture"]
    let guessed =
      file.columns.first { names.contains($0.lowercased()) }
      ?? file.columns.first { column in
        file.records.contains { PictureTree.isPicture($0.fields[column]?.string ?? "") }
      }
    guard let column = pathColumn ?? guessed else {
      throw DataError(
        .mismatch, "no column holds paths of pictures", expected: "one named 'path'", path: path)
    }
    let columns = try ColumnChoice(of: file, text: column, target: labelColumn)
    var options = TextDataset.Options()
    options.kind = .label
    options.skipsBad = skipsBad
    var reader = TargetReader(file, columns.target, options)
    guard reader.classes.count > 1 else {
      throw DataError(
        .malformed, "has one class only, '\(reader.classes.first ?? "")'",
        expected: "two classes or more", subject: "column '\(columns.target)'", path: path)
    }
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
    var lines: [Int] = []
    let all = try reader.examples(of: file, columns).compactMap { example -> Entry? in
      guard case .label(let label) = example.target else { return nil }
      lines.append(example.line)
      return Entry(
        path: example.text.hasPrefix("/") ? example.text : folder + example.text, label: label)
    }
    let bad = PictureTree.faults(of: all, pool: pool).map { place, error in
      (place: place, error: error.about("line \(lines[place]) of '\(System.lastComponent(path))'"))
    }.sorted { $0.place < $1.place }
    if !skipsBad, let first = bad.first { throw first.error }
    let isBad = Set(bad.map(\.place))
    let good = all.indices.filter { !isBad.contains($0) }.map { all[$0] }
    guard !good.isEmpty else {
      throw DataError(.malformed, "names no picture that can be read", path: path)
    }
    let split = StratifiedSplit(good.map(\.label), share: validationShare, seed: seed)
    self.path = path
    classes = reader.classes
    training = split.training.map { good[$0] }
    validation = split.validation.map { good[$0] }
    validationName = nil
    skipped = file.skipped + reader.skipped + bad.map(\.error)
    evidence =
      (pathColumn == nil ? ["the pictures are in '\(column)'"] : []) + columns.evidence
  }
}
