import BinaryIO
import Execution
import Formats
import Menagerie
import Tensors
import TestSupport
import Testing
import Zoo

/// The digits networks that the repository carries, on every road.
enum Digits {
  static let folder: String = {
    let tests = Fixtures.path("").split(separator: "/").dropLast(2)
    return "/" + tests.joined(separator: "/") + "/docs/examples/digits"
  }()
  static let torch = "\(folder)/digits-resnet.pth"
  static let keras = "\(folder)/digits-resnet.h5"
  static let names = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
  ]
}

@Suite struct ConversionClaims {
  let scratch = ScratchDirectory()

  @Test(arguments: ["pth", "safetensors", "npz", "onnx", "h5", "keras"])
  func everyRoadIsCheckedAndComesBack(target: String) throws {
    let there = scratch.file("digits.\(target)")
    let back = scratch.file("back.pth")
    let report = try Converter().convert(Digits.torch, to: there)
    #expect(report.verification.status == .checked)
    #expect(report.unmatched.isEmpty)
    let source = try Model(contentsOf: Digits.torch)
    #expect(
      Set(report.lines.flatMap(\.sources)) == Set(source.checkpoint.tensors.map(\.name)),
      "every tensor is accounted for")
    _ = try Converter().convert(there, to: back)
    let returned = try Model(contentsOf: back).checkpoint
    #expect(returned.tensors.map(\.name) == source.checkpoint.tensors.map(\.name))
    for (a, b) in zip(source.checkpoint.tensors, returned.tensors)
    where !a.name.hasSuffix("num_batches_tracked") {
      #expect(try a.load().isBitEqual(to: b.load()), "\(a.name)")
    }
    #expect(scratch.names.sorted() == ["back.pth", "digits.\(target)"].sorted())
  }

  @Test(arguments: ["pth", "safetensors", "npz", "onnx", "keras"])
  func kerasComesBackThroughEveryFormat(target: String) throws {
    let there = scratch.file("digits.\(target)")
    let back = scratch.file("back.h5")
    _ = try Converter().convert(Digits.keras, to: there)
    _ = try Converter().convert(there, to: back)
    let check = try OutputVerification(
      Model(contentsOf: Digits.keras), Model(contentsOf: back), relativeTolerance: 1e-6)
    #expect(check.isEqual, "off by \(check.maxAbsoluteDifference)")
  }

  @Test(arguments: ["pth", "safetensors", "npz", "onnx", "h5", "keras"])
  func theSameInputGivesTheSameBytes(target: String) throws {
    let digests = try ["a", "b"].map { name in
      let path = scratch.file("\(name).\(target)")
      _ = try Converter().convert(Digits.torch, to: path)
      return SHA256.hex(of: try MappedFile(path: path).bytes)
    }
    #expect(digests[0] == digests[1])
  }

  @Test func anImpossiblePairIsRefusedAndLeavesTheOlderFile() throws {
    let output = try scratch.write("out.pth", [1, 2, 3])
    var options = ConversionOptions()
    options.dialect = "huggingface"
    let header = #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    let source = try scratch.write(
      "unknown.safetensors", length + Array(header.utf8) + [UInt8](repeating: 0, count: 8))
    let error = #expect(throws: DataError.self) {
      try Converter(options: options).convert(source, to: output)
    }
    #expect(error?.code == .unsupported)
    #expect(try MappedFile(path: output).bytes.array == [1, 2, 3])
    #expect(scratch.names.sorted() == ["out.pth", "unknown.safetensors"])
  }

  @Test func castsAreReported() throws {
    var options = ConversionOptions()
    options.dataType = .float16
    let report = try Converter(options: options).convert(
      Digits.torch, to: scratch.file("half.safetensors"))
    let weight = report.lines.first { $0.target == "fc.weight" }
    #expect(weight?.action == .cast)
    #expect(weight?.note == "float32 to float16, rounded")
    #expect(report.verification.status == .checked)
  }
}

@Suite struct ClassificationClaims {
  let scratch = ScratchDirectory()

  @Test(arguments: [Digits.torch, Digits.keras])
  func theNetworksReadTheDigits(path: String) throws {
    let classifier = try ImageClassifier(Model(contentsOf: path))
    for (i, name) in Digits.names.enumerated() {
      let best = try classifier.classify(imageAt: "\(Digits.folder)/\(i).png", top: 1)
      #expect(best.first?.label == name)
    }
  }

  @Test(arguments: ["pth", "safetensors", "npz", "onnx", "h5", "keras"])
  func labelsAndPreprocessingTravel(target: String) throws {
    let there = scratch.file("digits.\(target)")
    _ = try Converter().convert(Digits.torch, to: there)
    let classifier = try ImageClassifier(Model(contentsOf: there))
    let best = try classifier.classify(imageAt: "\(Digits.folder)/7.png", top: 1)
    #expect(best.first?.label == "seven")
  }

  @Test func aModelOfOtherInputsIsRefused() throws {
    let source = try Model(contentsOf: Digits.torch)
    #expect(throws: DataError.self) { try source.run(["input": Tensor(zeros: [1, 1, 32, 32])]) }
    #expect(throws: DataError.self) {
      try ImageClassifier(source).classify(imageAt: Digits.torch)
    }
  }
}

@Suite struct ComparisonClaims {
  @Test func aChangedTensorIsNamed() throws {
    let source = try Model(contentsOf: Digits.torch)
    var changed = source.checkpoint
    let index = try #require(changed.normalised.firstIndex { $0.entry.name == "fc.bias" })
    let values = try changed.normalised[index].entry.load().floats.map { $0 + 1 }
    changed.normalised[index].entry = TensorEntry(name: "fc.bias", Tensor(values))
    let other = try Model(changed, path: "changed")
    let comparison = try TensorComparison(source, other)
    #expect(!comparison.isEqual)
    #expect(comparison.rows.filter { $0.status == .differs }.map(\.left) == ["fc.bias"])
    let check = try OutputVerification(source, other)
    #expect(!check.isEqual)
    #expect(abs(check.maxAbsoluteDifference - 1) < 1e-3)
  }

  @Test func thresholdsAreRelativeToTheLargestValue() {
    let difference = TensorDifference(
      Tensor([100, 1.001] as [Double]), Tensor([100, 1] as [Double]))
    #expect(difference.isWithin(relative: 1e-4, absolute: 0))
    #expect(!difference.isWithin(relative: 1e-6, absolute: 0))
    #expect(
      !TensorDifference(Tensor([Double.nan]), Tensor([1.0])).isWithin(relative: 1, absolute: 1))
  }
}
