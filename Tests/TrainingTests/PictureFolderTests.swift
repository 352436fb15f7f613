import BinaryIO
import Images
import Kernels
import Tensors
import TestSupport
import Testing
import Training

@Suite struct PictureFolderTests {
  static let photo = (try? Fixtures.bytes("images/photo.png").array) ?? []
  static let jpeg = (try? Fixtures.bytes("images/420.jpg").array) ?? []

  /// A folder with pictures at the paths.
  static func folder(_ paths: [String], in scratch: ScratchDirectory) throws {
    for path in paths {
      var parent = ""
      for part in path.split(separator: "/").dropLast() {
        parent += parent.isEmpty ? String(part) : "/\(part)"
        if System.isDirectory(scratch.file(parent)) == nil {
          try System.createDirectory(scratch.file(parent))
        }
      }
      try scratch.write(path, path.hasSuffix("jpg") ? jpeg : photo)
    }
  }

  static func files(_ count: Int, _ folder: String) -> [String] {
    (0..<count).map { "\(folder)/\($0 < 10 ? "0" : "")\($0).png" }
  }

  func names(_ entries: [PictureFolder.Entry], _ scratch: ScratchDirectory) -> [String] {
    entries.map { "\($0.label ?? -1) \($0.path.dropFirst(scratch.path.count + 1))" }
  }

  @Test func splitsAreThoseOfTheFolder() throws {
    let scratch = ScratchDirectory()
    try Self.folder(
      [
        "train/b/2.jpg", "train/b/1.png", "train/a/deep/3.JPEG", "train/a/1.png", "val/b/9.png",
        "test/a/1.png", "train/a/.hidden.png", "train/a/notes.txt", ".git/c/1.png",
      ], in: scratch)
    let folder = try PictureFolder(scratch.path + "/")
    #expect(folder.classes == ["a", "b"])
    #expect(
      names(folder.training, scratch)
        == ["0 train/a/1.png", "0 train/a/deep/3.JPEG", "1 train/b/1.png", "1 train/b/2.jpg"])
    #expect(names(folder.validation, scratch) == ["1 val/b/9.png"])
    #expect(folder.validationName == "val" && folder.skipped.isEmpty)
  }

  @Test func aTestSplitServesWhereThereIsNoOther() throws {
    let scratch = ScratchDirectory()
    try Self.folder(["train/a/1.png", "train/b/1.png", "test/a/1.png"], in: scratch)
    let folder = try PictureFolder(scratch.path)
    #expect(folder.validationName == "test" && folder.validation.count == 1)
  }

  @Test func besideCarsATrainIsAClass() throws {
    let scratch = ScratchDirectory()
    try Self.folder(["car/1.png", "train/1.png", "test/1.png"], in: scratch)
    #expect(try PictureFolder(scratch.path).classes == ["car", "test", "train"])
  }

  @Test(arguments: ["", "train/"]) func aShareOfEachClassIsSetAside(prefix: String) throws {
    let scratch = ScratchDirectory()
    try Self.folder(
      Self.files(10, prefix + "a") + Self.files(5, prefix + "b") + Self.files(1, prefix + "c"),
      in: scratch)
    func counts(_ entries: [PictureFolder.Entry]) -> [Int] {
      (0..<3).map { label in entries.count { $0.label == label } }
    }
    let folder = try PictureFolder(scratch.path, validationShare: 0.3, seed: 1)
    #expect(counts(folder.training) == [7, 3, 1])
    #expect(counts(folder.validation) == [3, 2, 0])
    #expect(Set(folder.training + folder.validation).count == 16)
    let again = try PictureFolder(scratch.path, validationShare: 0.3, seed: 1)
    #expect(again.validation == folder.validation)
    let other = try PictureFolder(scratch.path, validationShare: 0.3, seed: 2)
    #expect(other.validation != folder.validation)
    #expect(try PictureFolder(scratch.path, validationShare: 0).validation.isEmpty)
    #expect(counts(try PictureFolder(scratch.path, validationShare: 1).training) == [1, 1, 1])
  }

  @Test func whatIsWrongIsSaidWithItsPath() throws {
    let scratch = ScratchDirectory()
    func expect(
      _ paths: [String], _ words: String, empty: String? = nil,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let scratch = ScratchDirectory()
      try Self.folder(paths, in: scratch)
      if let empty { try System.createDirectory(scratch.file(empty)) }
      do {
        _ = try PictureFolder(scratch.path)
        Issue.record("no error", sourceLocation: sourceLocation)
      } catch {
        let text = "\(error)".replacing(scratch.path, with: "HERE")
        #expect(text == words, sourceLocation: sourceLocation)
      }
    }
    let layout = "expected <class>/<picture> or train/<class>/<picture>"
    try expect([], "HERE: has no pictures; \(layout)")
    try expect(["1.png"], "HERE: has pictures, but no folders of classes; \(layout)")
    try expect(["train/1.png"], "HERE/train: has pictures, but no folders of classes; \(layout)")
    try expect(["a/1.png"], "HERE: has one class only, 'a'; expected two classes or more")
    try expect(
      ["train/a/1.png", "val/a/1.png"],
      "HERE/train: has one class only, 'a'; expected two classes or more")
    try expect(
      ["a/1.png"], "HERE/b: has no pictures; expected PNG or JPEG files", empty: "b")
    try expect(
      ["train/a/1.png", "train/b/1.png", "val/c/1.png"],
      "HERE/val/c: is no class of 'train'; expected only its 2 classes")
    try expect(["val/a/1.png", "val/b/1.png"], "HERE: has the folder 'val', but no folder 'train'")
    let missing = scratch.file("none")
    #expect(throws: DataError.self) { try PictureFolder(missing) }
    try scratch.write("file", [1])
    #expect(throws: DataError.self) { try PictureFolder(scratch.file("file")) }
  }

  @Test func badPicturesAreNamedOrSkippedAndNamed() throws {
    let scratch = ScratchDirectory()
    try Self.folder(Self.files(3, "train/a") + Self.files(3, "train/b"), in: scratch)
    try scratch.write(
      "train/a/01.png", Array("\u{89}PNG\r\n\u{1A}\nbroken".unicodeScalars.map { UInt8($0.value) }))
    try scratch.write("train/b/03.gif", Array("GIF89a".utf8))
    let pool = ThreadPool(threads: 2)
    do {
      _ = try PictureFolder(scratch.path, pool: pool)
      Issue.record("no error")
    } catch { #expect("\(error)".hasPrefix("\(scratch.path)/train/a/01.png: the PNG picture")) }
    let folder = try PictureFolder(scratch.path, validationShare: 0, skipsBad: true, pool: pool)
    #expect(folder.training.count == 5)
    #expect(
      folder.skipped.map { System.lastComponent($0.path ?? "") } == ["01.png", "03.gif"])
  }

  static let preprocessing = Preprocessing(
    resize: .exactly(height: 8, width: 6), mean: [0.5, 0.4, 0.3],
    standardDeviation: [0.5, 0.25, 0.2])

  @Test func batchesAreThePicturesInTheirOrder() throws {
    let scratch = ScratchDirectory()
    try Self.folder(["a/1.png", "a/2.jpg", "b/1.png"], in: scratch)
    let folder = try PictureFolder(scratch.path, validationShare: 0)
    let loader = PictureLoader(folder.training, Self.preprocessing)
    let batch = try loader.batch([2, 1, 0], epoch: 0, pool: ThreadPool(threads: 2))
    #expect(batch.targets.map(\.label) == [1, 0, 0] && batch.indices == [2, 1, 0])
    #expect(batch.pictures.shape == [3, 3, 8, 6])
    let wanted = try [2, 1, 0].flatMap {
      Self.preprocessing.values(of: try Picture(contentsOf: folder.training[$0].path)).values
    }
    #expect(batch.pictures.floats == wanted)
    var last = Self.preprocessing
    last.isChannelsLast = true
    let other = try PictureLoader(folder.training, last).batch([0], epoch: 0)
    #expect(other.pictures.shape == [1, 8, 6, 3])
  }

  @Test(arguments: [0, 1, 3]) func batchesMadeAheadAreTheSame(threads: Int) throws {
    let scratch = ScratchDirectory()
    try Self.folder(Self.files(7, "a") + Self.files(4, "b"), in: scratch)
    let folder = try PictureFolder(scratch.path, validationShare: 0)
    let loader = PictureLoader(folder.training, Self.preprocessing)
    let order = EpochOrder(count: 11, seed: 4).batches(epoch: 2, size: 3)
    let ahead = loader.batches(order, epoch: 2, depth: 2, threads: threads)
    for indices in order {
      let batch = try #require(ahead.next()).get()
      #expect(batch.indices == indices)
      #expect(batch.pictures.floats == (try loader.batch(indices, epoch: 2)).pictures.floats)
    }
    #expect(ahead.next() == nil)
  }

  @Test func aBodyThatIsCutShortIsFoundAtItsFirstUse() throws {
    let scratch = ScratchDirectory()
    try Self.folder(["a/1.png", "a/2.png", "b/1.png"], in: scratch)
    try scratch.write("a/2.png", Array(Self.photo.prefix(Self.photo.count / 2)))
    let folder = try PictureFolder(scratch.path, validationShare: 0)
    #expect(throws: DataError.self) {
      try PictureLoader(folder.training, Self.preprocessing).batch([0, 1, 2], epoch: 0)
    }
    let loader = PictureLoader(folder.training, Self.preprocessing, skipsBad: true)
    let batch = try loader.batch([0, 1, 2], epoch: 0)
    #expect(batch.indices == [0, 2] && batch.pictures.shape[0] == 2)
    #expect(loader.skipped.map { System.lastComponent($0.path ?? "") } == ["2.png"])
  }
}

extension PictureFolderTests {
  @Test func tablesNamePicturesAndClasses() throws {
    let scratch = ScratchDirectory()
    try Self.folder(["all/1.png", "all/2.jpg", "all/3.png"], in: scratch)
    let table = try scratch.write(
      "labels.csv", Array("id,file,class\n1,all/1.png,cat\n2,all/2.jpg,ape\n3,all/3.png,cat\n".utf8)
    )
    let data = try PictureFolder(table, validationShare: 0)
    #expect(data.classes == ["ape", "cat"] && data.training.map(\.label) == [1, 0, 1])
    #expect(
      data.training.map(\.path)
        == (1...3).map { scratch.file("all/\($0).\($0 == 2 ? "jpg" : "png")") })
    #expect(
      data.evidence == [
        "the pictures are in 'file'", "what is to be learnt is in 'class', by its name",
      ])
    let missing = try scratch.write(
      "missing.csv", Array("path,label\nall/1.png,cat\nall/9.png,ape\nall/2.jpg,ape\n".utf8))
    do {
      _ = try PictureFolder(missing)
      Issue.record("no error")
    } catch {
      #expect(
        "\(error)".replacing(scratch.path, with: "HERE")
          == "HERE/all/9.png: line 3 of 'missing.csv': no such file")
    }
    let rest = try PictureFolder(table: missing, validationShare: 0, skipsBad: true)
    #expect(rest.training.count == 2 && rest.skipped.count == 1)
    let wordless = try scratch.write("words.csv", Array("text,label\na,b\nc,d\n".utf8))
    #expect(throws: DataError.self) { try PictureFolder(wordless) }
  }

  @Test func foldersMayHoldATableToLearnFromAndOneToJudgeBy() throws {
    let scratch = ScratchDirectory()
    try Self.folder(["all/1.png", "all/2.jpg", "all/3.png"], in: scratch)
    try scratch.write("train.csv", Array("path,label\nall/3.png,cat\nall/2.jpg,ape\n".utf8))
    try scratch.write("val.csv", Array("path,label\nall/1.png,cat\n".utf8))
    let data = try PictureFolder(scratch.path)
    #expect(data.training.map(\.path) == [scratch.file("all/3.png"), scratch.file("all/2.jpg")])
    #expect(data.training.map(\.label) == [1, 0] && data.validationName == "val.csv")
    #expect(data.validation == [.init(path: scratch.file("all/1.png"), label: 1)])
    try scratch.write("val.csv", Array("path,label\nall/1.png,dog\n".utf8))
    do {
      _ = try PictureFolder(scratch.path)
      Issue.record("no error")
    } catch {
      #expect("\(error)".contains("val.csv") && "\(error)".contains("the label 'dog'"))
    }
  }

  @Test func classesMayBeNumberedAsAModelHasThem() throws {
    let scratch = ScratchDirectory()
    try Self.folder(["ape/1.png", "bee/2.png", "cat/3.png"], in: scratch)
    let data = try PictureFolder(scratch.path, validationShare: 0)
    let other = data.numbered(like: ["cat", "ape", "bee"])
    #expect(data.training.map(\.label) == [0, 1, 2] && other.training.map(\.label) == [1, 2, 0])
    #expect(other.classes == ["cat", "ape", "bee"])
    #expect(data.numbered(like: ["cat", "ape", "dog"]).classes == data.classes)
    #expect(data.numbered(like: ["cat", "ape"]).classes == data.classes)
  }
}
