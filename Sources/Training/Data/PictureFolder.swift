import BinaryIO
import Images
import Kernels
import Synchronization
import Tensors

/// Pictures in a folder a class: `<split>/<class>/<file>`, or `<class>/<file>`; or those that tables name.
///
/// Tables are a file, or a folder with `train.csv` and `val.csv`.
///
/// Splits are called `train` and `val` (`validation`, `valid`, `dev`), or `test` where there is no other. Without a split, a
/// share of each class is set aside. Folders in a class's folder belong to the class.
public struct PictureFolder: Sendable {
  /// A file and what it shows.
  public struct Entry: Sendable, Hashable {
    public let path: String
    public let target: TextDataset.Target

    public init(path: String, target: TextDataset.Target) {
      self.path = path
      self.target = target
    }

    /// A file and the number of its class.
    public init(path: String, label: Int) { self.init(path: path, target: .label(label)) }

    /// The number of its class, where it has one.
    public var label: Int? { target.label }
  }

  /// What a person may say of a table; the rest is guessed.
  public struct Columns: Sendable, Hashable {
    /// Of paths, from the table's folder on.
    public var path: String?
    /// Of labels or numbers.
    public var target: String?
    /// What stands between several labels in one field.
    public var labelSeparator: Character?
    public var kind: TextDataset.Kind?
    /// Whether numbers with fractions are taken for names of classes, where nobody says a kind.
    public var classifies: Bool

    public init(
      path: String? = nil, target: String? = nil, labelSeparator: Character? = nil,
      kind: TextDataset.Kind? = nil, classifies: Bool = false
    ) {
      self.path = path
      self.target = target
      self.labelSeparator = labelSeparator
      self.kind = kind
      self.classifies = classifies
    }
  }

  public let path: String
  /// One class a picture, as folders have it; several or a number only in tables.
  public let kind: TextDataset.Kind
  /// Sorted by name, and none of numbers; unless `numbered(like:)` gave them another order.
  public internal(set) var classes: [String]
  /// By class, then by name; a table's in its order.
  public internal(set) var training: [Entry]
  public internal(set) var validation: [Entry]
  /// Where the validation's pictures come from: `val`, or nil when they were set aside.
  public let validationName: String?
  /// What cannot be read, with the reasons; empty unless bad pictures are skipped.
  public let skipped: [DataError]
  /// What was not said but guessed about a table, a sentence each.
  public let evidence: [String]

  /// Lists the pictures and reads the head of each.
  ///
  /// - Parameters:
  ///   - columns: where things are in a table, for which a folder of classes has no use.
  ///   - validationShare: how much of each class is set aside where the folder has no split of its own; may be 0.
  ///   - seed: on which it depends what is set aside.
  ///   - skipsBad: whether pictures that cannot be read are left out and named in `skipped`.
  /// - Throws: `.notFound`, `.malformed`, `.unknownFormat`, with the folder or the file named.
  public init(
    _ path: String, columns: Columns = Columns(), validationShare: Double = 0.2, seed: UInt64 = 0,
    skipsBad: Bool = false,
    pool: ThreadPool? = nil
  ) throws {
    let root = System.withoutTrailingSlashes(path)
    guard let isDirectory = System.isDirectory(root) else {
      throw DataError(.notFound, "no such folder", path: path)
    }
    let names = isDirectory ? PictureTree.folders(in: root) : []
    let hasTable = (try? DataFiles(root, endings: RecordFile.extensions)) != nil
    let isTable =
      hasTable
      && !names.contains { name in
        ["train", "training"].contains(name.lowercased())
          && !PictureTree.folders(in: "\(root)/\(name)").isEmpty
      }
    guard isDirectory, !isTable else {
      self = try PictureFolder(
        table: root, columns: columns, validationShare: validationShare, seed: seed,
        skipsBad: skipsBad, pool: pool)
      return
    }
    guard columns == Columns(classifies: columns.classifies) else {
      throw DataError(
        .mismatch, "is a folder of pictures, whose classes are its folders",
        expected: "a table, since columns, separators or numbers are asked for", path: path)
    }
    let splits = ["train", "training", "val", "validation", "valid", "dev", "test"]
    let trainingName = names.first { name in
      // Beside cars and planes, a train is a class
      ["train", "training"].contains(name.lowercased())
        && (names.allSatisfy { splits.contains($0.lowercased()) }
          || !PictureTree.folders(in: "\(root)/\(name)").isEmpty)
    }
    let others = splits.dropFirst(2).compactMap { wanted in
      names.first { $0.lowercased() == wanted }
    }
    if trainingName == nil, let other = others.first, names.allSatisfy(others.contains) {
      throw DataError(
        .malformed, "has the folder '\(other)', but no folder 'train'", path: path)
    }
    let base = trainingName.map { "\(root)/\($0)" } ?? root
    let classes = try PictureTree.classes(in: base)
    guard classes.count > 1 else {
      throw DataError(
        .malformed, "has one class only, '\(classes[0])'", expected: "two classes or more",
        path: base)
    }
    let validationName = trainingName == nil ? nil : others.first
    var (training, skipped) = try PictureTree.entries(
      in: base, classes, skipsBad: skipsBad, pool: pool)
    let occurring = Set(training.compactMap(\.label))
    for (label, name) in classes.enumerated() where !occurring.contains(label) {
      throw DataError(
        .malformed, "has no pictures", expected: "PNG or JPEG files", path: "\(base)/\(name)")
    }
    if let validationName {
      let folder = "\(root)/\(validationName)"
      let found = try PictureTree.classes(in: folder)
      if let stray = found.first(where: { !classes.contains($0) }) {
        throw DataError(
          .mismatch, "is no class of '\(System.lastComponent(base))'",
          expected: "only its \(classes.count) classes", path: "\(folder)/\(stray)")
      }
      let (entries, bad) = try PictureTree.entries(
        in: folder, classes, skipsBad: skipsBad, pool: pool)
      validation = entries
      skipped += bad
    } else {
      let split = StratifiedSplit(
        training.compactMap(\.label), share: validationShare, seed: seed)
      let all = training
      training = split.training.map { all[$0] }
      validation = split.validation.map { all[$0] }
    }
    self.path = path
    kind = .label
    self.classes = classes
    self.training = training
    self.validationName = validationName
    self.skipped = skipped
    evidence = []
  }

  /// The same pictures with the numbers that a model has for just these classes; as they are for any other.
  public func numbered(like known: [String]) -> PictureFolder {
    guard known.count == classes.count, Set(known) == Set(classes) else { return self }
    let places = classes.map { known.firstIndex(of: $0) ?? 0 }
    var folder = self
    folder.classes = known
    folder.training = training.map {
      Entry(path: $0.path, target: $0.target.renumbered(places))
    }
    folder.validation = validation.map {
      Entry(path: $0.path, target: $0.target.renumbered(places))
    }
    return folder
  }
}

/// What lies in folders.
enum PictureTree {
  private static let readable: Set<String> = ["png", "jpg", "jpeg", "jpe", "jfif"]
  /// Pictures, but not of a kind that is read here: to be named, not passed over.
  private static let unreadable: Set<String> = [
    "gif", "bmp", "webp", "tif", "tiff", "heic", "heif", "avif", "ppm", "pgm",
  ]
  private static let maximumDepth = 16

  /// The names of the folders in a folder, sorted, without hidden ones.
  static func folders(in path: String) -> [String] {
    System.names(in: path).filter {
      !$0.hasPrefix(".") && $0 != "__MACOSX" && System.isDirectory("\(path)/\($0)") == true
    }
  }

  /// - Throws: `.malformed` when there is none.
  static func classes(in path: String) throws -> [String] {
    let classes = folders(in: path)
    guard classes.isEmpty else { return classes }
    let hasPictures = System.names(in: path).contains { isPicture($0) }
    throw DataError(
      .malformed, hasPictures ? "has pictures, but no folders of classes" : "has no pictures",
      expected: "<class>/<picture> or train/<class>/<picture>", path: path)
  }

  /// The pictures of the classes whose heads can be read, and why the others cannot.
  static func entries(
    in path: String, _ classes: [String], skipsBad: Bool, pool: ThreadPool?
  ) throws -> ([PictureFolder.Entry], [DataError]) {
    var entries: [PictureFolder.Entry] = []
    for (label, name) in classes.enumerated() {
      guard System.isDirectory("\(path)/\(name)") == true else { continue }
      var files: [String] = []
      try collect("\(path)/\(name)", depth: 0, into: &files)
      entries += files.map { PictureFolder.Entry(path: $0, label: label) }
    }
    let bad = faults(of: entries, pool: pool)
    if !skipsBad, let place = bad.keys.min(), let error = bad[place] { throw error }
    let good = entries.indices.filter { bad[$0] == nil }.map { entries[$0] }
    return (good, bad.keys.sorted().compactMap { bad[$0] })
  }

  private static func collect(_ path: String, depth: Int, into files: inout [String]) throws {
    guard depth < maximumDepth else {
      throw DataError(
        .limitExceeded, "folders in folders, \(depth) deep", path: path,
        remedy: "does a link lead back?")
    }
    for name in System.names(in: path) where !name.hasPrefix(".") {
      if System.isDirectory("\(path)/\(name)") == true {
        try collect("\(path)/\(name)", depth: depth + 1, into: &files)
      } else if isPicture(name) {
        files.append("\(path)/\(name)")
      }
    }
  }

  static func isPicture(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    let ending = name[name.index(after: dot)...].lowercased()
    return readable.contains(ending) || unreadable.contains(ending)
  }

  /// What is wrong, by the entry's place.
  static func faults(
    of entries: [PictureFolder.Entry], pool: ThreadPool?
  ) -> [Int: DataError] {
    let found = Mutex<[Int: DataError]>([:])
    let check: @Sendable (Range<Int>) -> Void = { range in
      for place in range {
        let path = entries[place].path
        do {
          try namingFile(path) { _ = try Picture.size(of: MappedFile(path: path).bytes) }
        } catch {
          let error = error as? DataError ?? DataError(.unreadable, "\(error)", path: path)
          found.withLock { $0[place] = error }
        }
      }
    }
    if let pool {
      pool.parallelFor(count: entries.count, grain: 32, check)
    } else {
      check(0..<entries.count)
    }
    return found.withLock { $0 }
  }
}
