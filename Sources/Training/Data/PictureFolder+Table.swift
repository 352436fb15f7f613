import BinaryIO
import JSON
import Kernels
import OrderedCollections

extension PictureFolder {
  /// The pictures that tables name: a column of paths, from the table's folder on, and one of labels or numbers.
  ///
  /// - Parameters:
  ///   - path: a file as `RecordFile` reads it, or a folder with one to learn from and one to judge by.
  ///   - columns: that of paths is guessed by its name, then by its endings, that of labels as `ColumnChoice` does, and what is
  ///     learnt by what it holds; `evidence` says so.
  /// - Throws: with the table and the line, or the picture, named.
  public init(
    table path: String, columns asked: Columns = Columns(), validationShare: Double = 0.2,
    seed: UInt64 = 0, skipsBad: Bool = false, pool: ThreadPool? = nil
  ) throws {
    let files = try DataFiles(path, endings: RecordFile.extensions)
    let file = try RecordFile(files.training, skipsBad: skipsBad)
    let judged = try files.validation.map { try RecordFile($0, skipsBad: skipsBad) }
    let names = ["path", "file", "filename", "file_name", "image", "image_path", "picture"]
    let guessed =
      file.columns.first { names.contains($0.lowercased()) }
      ?? file.columns.first { column in
        file.records.contains { PictureTree.isPicture($0.fields[column]?.string ?? "") }
      }
    guard let column = asked.path ?? guessed else {
      throw DataError(
        .mismatch, "no column holds paths of pictures", expected: "one named 'path'",
        path: file.path)
    }
    let columns = try ColumnChoice(of: file, text: column, target: asked.target)
    var options = TextDataset.Options()
    options.kind = asked.kind
    options.classifies = asked.classifies
    options.labelSeparator = asked.labelSeparator
    options.skipsBad = skipsBad
    var reader = TargetReader(file, columns.target, options)
    try reader.requireClasses(of: columns.target, in: file)
    var bad: [DataError] = []
    let all = try Self.entries(of: file, columns, &reader, skipsBad: skipsBad, pool, &bad)
    if let judged {
      training = all
      validation = try Self.entries(
        of: judged, columns, &reader, skipsBad: skipsBad, pool, &bad)
    } else {
      let split = StratifiedSplit(all.map { $0.label ?? 0 }, share: validationShare, seed: seed)
      training = split.training.map { all[$0] }
      validation = split.validation.map { all[$0] }
    }
    self.path = path
    kind = reader.kind
    classes = reader.classes
    validationName = files.validation.map(System.lastComponent)
    skipped = file.skipped + (judged?.skipped ?? []) + reader.skipped + bad
    evidence =
      (asked.path == nil ? ["the pictures are in '\(column)'"] : []) + columns.evidence
  }

  /// The pictures that a table names, as far as they can be read.
  private static func entries(
    of file: RecordFile, _ columns: ColumnChoice, _ reader: inout TargetReader, skipsBad: Bool,
    _ pool: ThreadPool?, _ bad: inout [DataError]
  ) throws -> [Entry] {
    let folder = file.path.lastIndex(of: "/").map { file.path[...$0] } ?? ""
    var lines: [Int] = []
    let all = try reader.examples(of: file, columns).map { example in
      lines.append(example.line)
      return Entry(
        path: example.text.hasPrefix("/") ? example.text : folder + example.text,
        target: example.target)
    }
    let faults = PictureTree.faults(of: all, pool: pool)
    let table = System.lastComponent(file.path)
    let errors = faults.keys.sorted().compactMap { place in
      faults[place]?.about("line \(lines[place]) of '\(table)'")
    }
    if !skipsBad, let first = errors.first { throw first }
    bad += errors
    let good = all.indices.filter { faults[$0] == nil }.map { all[$0] }
    guard !good.isEmpty else {
      throw DataError(.malformed, "names no picture that can be read", path: file.path)
    }
    return good
  }
}
