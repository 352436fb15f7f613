import BinaryIO
import TestSupport
import Testing
import Training

@testable import Menagerie

/// Tables of pictures with several labels, or numbers: learnt, written, and told by `run`'s classifier.
@Suite struct PictureTargetTests {
  /// Two pictures that differ, many times: `pictures/gray/…` and `pictures/odd/…`.
  private func table(
    _ name: String, _ header: String, in scratch: ScratchDirectory,
    _ target: (_ isOdd: Bool) -> String
  ) throws -> String {
    let folder = scratch.file("pictures")
    if System.isDirectory(folder) == nil { _ = try Pictures.twoClasses(in: scratch) }
    var lines = header.isEmpty ? [] : [header]
    for (kind, copies) in [("gray", ["grey.png", "grey.jpg"]), ("odd", ["420.jpg", "444.jpg"])] {
      for copy in 0..<3 {
        for file in copies {
          let path = "\(System.lastComponent(folder))/\(kind)/\(copy)-\(file)"
          lines.append(
            header.isEmpty
              ? "{\"image\": \"\(path)\", \"labels\": \(target(kind == "odd"))}"
              : "\(path),\(target(kind == "odd"))")
        }
      }
    }
    return try scratch.write(name, Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  private func tuned(
    _ data: String, _ change: (inout FineTuningOptions) -> Void = { _ in }
  ) throws -> FineTuner {
    var options = Pictures.options("full")
    options.epochs = 12
    options.validationShare = 0
    change(&options)
    var tuner = try FineTuner(
      Model(contentsOf: Digits.torch), data: data, options: options)
    try tuner.run()
    return tuner
  }

  @Test(arguments: ["pth", "onnx", "h5"])
  func severalLabelsAreLearntAndTold(format: String) throws {
    let scratch = ScratchDirectory()
    let data = try table("labels.jsonl", "", in: scratch) {
      $0 ? "[\"picture\", \"colourful\"]" : "[\"picture\"]"
    }
    let tuner = try tuned(data)
    #expect(tuner.task.classes == ["colourful", "picture"])
    #expect(tuner.task.notes.contains("a picture may have several labels, or none"))
    let path = scratch.file("out.\(format)")
    _ = try Converter().convert(tuner.model(), to: path)
    let classifier = try ImageClassifier(Model(contentsOf: path))
    #expect(classifier.isMultiLabel && !classifier.isRegression)
    for (file, isOdd) in [("gray/0-grey.png", false), ("odd/0-420.jpg", true)] {
      let classes = try classifier.classify(imageAt: scratch.file("pictures/\(file)"))
      let scores = Dictionary(uniqueKeysWithValues: classes.map { ($0.label, $0.score) })
      #expect(try #require(scores["picture"]) > 0.5)
      #expect(try (#require(scores["colourful"]) > 0.5) == isOdd, "\(scores)")
    }
  }

  @Test func labelsBetweenSeparators() throws {
    let scratch = ScratchDirectory()
    let data = try table("labels.csv", "path,label", in: scratch) { $0 ? "a|b" : "" }
    let folder = try PictureFolder(
      data, columns: .init(labelSeparator: "|"), validationShare: 0)
    #expect(folder.kind == .labels && folder.classes == ["a", "b"])
    #expect(folder.training.first?.target == .labels([]))
    #expect(folder.training.last?.target == .labels([0, 1]))
    let other = folder.numbered(like: ["b", "a"])
    #expect(other.classes == ["b", "a"] && other.training.last?.target == .labels([0, 1]))
  }

  /// A number with a fraction is one; a whole one when it is asked for.
  @Test func numbersAreLearntAndTold() throws {
    let scratch = ScratchDirectory()
    let data = try table("numbers.csv", "path,score", in: scratch) { $0 ? "1.5" : "-0.5" }
    let path = scratch.file("out.safetensors")
    _ = try Converter().convert(tuned(data) { $0.epochs = 40 }.model(), to: path)
    let classifier = try ImageClassifier(Model(contentsOf: path))
    #expect(classifier.isRegression)
    for (file, number) in [("gray/0-grey.png", -0.5), ("odd/0-420.jpg", 1.5)] {
      let classes = try classifier.classify(imageAt: scratch.file("pictures/\(file)"))
      #expect(classes.count == 1 && classes[0].label == "number")
      #expect(abs(classes[0].score - number) < 0.5, "\(classes[0].score)")
    }
    var classifying = Pictures.options("head")
    classifying.task = ClassifyTask.name
    let named = try FineTuner(Model(contentsOf: Digits.torch), data: data, options: classifying)
    #expect(named.task.classes == ["-0.5", "1.5"])
    let whole = try table("whole.csv", "path,score", in: scratch) { $0 ? "2" : "0" }
    #expect(try PictureFolder(whole).kind == .label)
    let tuner = try tuned(whole) { ($0.task, $0.epochs) = (RegressTask.name, 1) }
    #expect(type(of: tuner.task) == PictureTask.self && tuner.task.classes.isEmpty)
  }

  /// After numbers, one class out of several is what it was.
  @Test func aModelOfNumbersLearnsClassesAgain() throws {
    let scratch = ScratchDirectory()
    let data = try table("numbers.csv", "path,score", in: scratch) { $0 ? "1.5" : "-0.5" }
    let path = scratch.file("out.safetensors")
    _ = try Converter().convert(tuned(data) { $0.epochs = 1 }.model(), to: path)
    let tuner = try FineTuner(
      Model(contentsOf: path), data: scratch.file("pictures"), options: Pictures.options("head"))
    let classifier = try ImageClassifier(tuner.model())
    #expect(!classifier.isRegression && !classifier.isMultiLabel)
    #expect(tuner.task.classes == ["gray", "odd"])
  }

  @Test func whatWouldBePassedOverIsRefused() throws {
    let scratch = ScratchDirectory()
    let data = try table("labels.csv", "path,label", in: scratch) { $0 ? "a|b" : "a" }
    func complaint(
      _ data: String, _ change: (inout FineTuningOptions) -> Void
    ) -> String {
      var options = Pictures.options("head")
      change(&options)
      do {
        _ = try FineTuner(Model(contentsOf: Digits.torch), data: data, options: options)
        return ""
      } catch { return "\(error)" }
    }
    let folder = scratch.file("pictures")
    #expect(complaint(data) { $0.texts.labelColumn = "x" }.contains("no column 'x'"))
    #expect(complaint(data) { $0.pictures.pathColumn = "x" }.contains("no column 'x'"))
    #expect(
      complaint(folder) { $0.texts.labelColumn = "label" }.contains("is a folder of pictures"))
    #expect(
      complaint(folder) { $0.texts.textColumn = "x" }.contains("--text-column changes nothing"))
    #expect(
      complaint(folder) { $0.texts.maximumLength = 9 }.contains("--max-length changes nothing"))
    let smoothed = complaint(data) { options in
      options.texts.labelSeparator = "|"
      options.labelSmoothing = 0.1
    }
    #expect(smoothed.contains("--label-smoothing"))
  }
}
