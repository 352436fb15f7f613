import BinaryIO
import Converters
import Execution
import Formats
import Glibc
import Images
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Zoo

/// The zoo's graphs against the logits of the real libraries, on tiny siblings (`scripts/fixtures/architectures_*.py`).
@Suite struct GoldenLogitsTests {
  static let cases = [
    "torchvision-resnet-basic", "torchvision-resnet-bottleneck", "torchvision-resnext",
    "torchvision-wide-resnet", "torchvision-mobilenetv2", "timm-resnet-basic", "timm-resnext",
    "timm-mobilenetv2", "huggingface-resnet-basic", "huggingface-resnet-bottleneck",
    "huggingface-mobilenetv2", "huggingface-mobilenetv2-symmetric", "keras-resnet-v1",
    "keras-resnet-v1-softmax", "keras-resnet-v2", "keras-mobilenetv2",
    "kerashub-resnet-basic", "kerashub-resnet-bottleneck", "kerashub-resnet-v2",
    "torchvision-vit", "timm-vit", "timm-deit", "timm-dinov2", "huggingface-vit",
    "huggingface-vit-backbone", "huggingface-deit", "huggingface-deit-teacher",
    "huggingface-dinov2", "huggingface-dinov2-backbone", "huggingface-dinov2-registers",
  ]

  static func file(_ name: String) -> String {
    let library = name.prefix { $0 != "-" }
    let file =
      switch library {
      case "torchvision": "model.pth"
      case "keras" where !name.hasSuffix("softmax"): "weights.h5"
      case "keras", "kerashub": "model.h5"
      default: "model.safetensors"
      }
    return Fixtures.path("architectures/\(name)/\(file)")
  }

  static func model(_ name: String) throws -> ZooModel {
    let path = file(name)
    let weights = try FormatRegistry.read(path).normalised
    let sidecars = Sidecars.beside(path)
    let found = try #require(
      Catalogue.standard.recognise(weights, sidecars: sidecars),
      "\(Catalogue.standard.resemblances(of: weights).map(\.description))")
    return try found.model(weights: weights, sidecars: sidecars)
  }

  @Test(arguments: cases)
  func computesWhatTheLibraryComputes(name: String) throws {
    let model = try Self.model(name)
    let dialect = model.dialect.rawValue.filter { $0 != "." }
    #expect(dialect.hasPrefix(name.prefix { $0 != "-" }))
    #expect(model.account.isComplete)
    let answer = try Self.answer(model, NumPyArrays.array("architectures/\(name)/input.npy"))
    var golden = try NumPyArrays.array("architectures/\(name)/logits.npy")
    #expect(answer.shape == golden.shape)
    if name.hasPrefix("keras-"), !name.hasSuffix("softmax") { golden = Self.softmax(golden) }
    Self.expectClose(answer, golden)
  }

  @Test(arguments: [
    ("torchvision-resnet-bottleneck", Dialect.huggingFace), ("torchvision-resnet-basic", .kerasHub),
    ("huggingface-resnet-basic", .torchvision), ("timm-mobilenetv2", .torchvision),
    ("kerashub-resnet-v2", .timm), ("huggingface-mobilenetv2-symmetric", .huggingFace),
    ("torchvision-mobilenetv2", .timm), ("torchvision-vit", .huggingFace),
    ("timm-vit", .torchvision),
    ("timm-deit", .huggingFace),
    ("huggingface-dinov2-backbone", .timm), ("huggingface-dinov2-backbone", .meta),
    ("timm-vit", .google),
  ])
  func computesTheSameInTheWordsOfAnotherLibrary(name: String, dialect: Dialect) throws {
    let model = try Self.model(name)
    let expressed = try model.expressed(in: dialect)
    var input = try NumPyArrays.array("architectures/\(name)/input.npy")
    if model.dialect.isChannelsLast != dialect.isChannelsLast {
      input = input.permuted(dialect.isChannelsLast ? [0, 2, 3, 1] : [0, 3, 1, 2])
    }
    let weights = Dictionary(
      expressed.tensors.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let graph = try #require(expressed.graph)
    let session = try Session(graph: graph) { try #require(weights[$0]).load() }
    let answer = try #require(try session.run([session.inputs[0].name: input]).first).tensor
    Self.expectClose(answer, try NumPyArrays.array("architectures/\(name)/logits.npy"))
  }

  @Test func takesLabelsAndPreprocessingThatTravelWithTheWeights() throws {
    let timm = try Self.model("timm-resnet-basic")
    #expect(timm.dialect == .timm)
    #expect(timm.labels?.last == "class 9")
    #expect(timm.preprocessing?.resize == .shortestEdge(50))
    #expect(timm.preprocessing?.mean == [0.5, 0.4, 0.3])
    let transformers = try Self.model("huggingface-mobilenetv2")
    #expect(transformers.labels?.first == "zero")
    #expect(transformers.preprocessing?.resize == .shortestEdge(50))
    #expect(transformers.preprocessing?.outputSize == .init(height: 45, width: 45))
    let digits = Sidecars.beside(
      Fixtures.path("../../docs/examples/digits/digits-resnet.h5"))
    #expect(Labels.find(sidecars: digits, classes: 10)?.first == "zero")
    let prepared = try #require(Preprocessing(sidecars: digits))
    #expect(prepared.resize == .exactly(height: 32, width: 32))
    #expect(prepared.interpolation == .bicubic)
    let input = TensorType(.float32, ["batch", 32, 32, 3])
    #expect(prepared.fitted(to: input).isChannelsLast)
  }

  @Test(arguments: [
    "huggingface-resnet-basic", "huggingface-resnet-bottleneck", "huggingface-mobilenetv2",
    "huggingface-mobilenetv2-symmetric", "huggingface-vit", "huggingface-vit-backbone",
    "huggingface-deit", "huggingface-deit-teacher", "huggingface-dinov2",
    "huggingface-dinov2-backbone", "huggingface-dinov2-registers",
  ])
  func writesTheConfigurationThatTransformersWrote(name: String) throws {
    let theirs = Sidecars.beside(Self.file(name))
    let ours = try Self.model(name).expressed(in: .huggingFace).sidecars
    for file in ["config.json", "preprocessor_config.json"] {
      let members = try #require(ours[file]?.object)
      let golden = try #require(theirs[file]?.object)
      for (key, value) in members {
        // Many multipliers round to the same widths.
        if key == "depth_multiplier" { continue }
        let wanted = golden[key]
        #expect(
          value == wanted || value.double != nil && value.double == wanted?.double
            || value.object.map(Set.init(members:)) == wanted?.object.map(Set.init(members:)),
          "\(file) says '\(key)': \(String(describing: wanted)), not \(value)")
      }
    }
  }

  static func answer(_ model: ZooModel, _ input: Tensor) throws -> Tensor {
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(weights[$0]).load() }
    return try #require(try session.run([session.inputs[0].name: input]).first).tensor
  }

  static func softmax(_ logits: Tensor) -> Tensor {
    var values: [Float] = []
    let width = logits.shape[1]
    for row in 0..<logits.shape[0] {
      let powers = logits.doubles[(row * width)..<((row + 1) * width)].map { exp($0) }
      let sum = powers.reduce(0, +)
      values += powers.map { Float($0 / sum) }
    }
    return Tensor(shape: logits.shape, values)
  }

  /// Within a ten-thousandth of the greatest: sums of some hundred thousand products, in another order.
  static func expectClose(
    _ ours: Tensor, _ theirs: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let scale = theirs.doubles.map(abs).max() ?? 1
    let off = zip(ours.doubles, theirs.doubles).map { abs($0 - $1) }.max() ?? 0
    #expect(
      ours.shape == theirs.shape && off <= 1e-4 * scale, "off by \(off / scale)",
      sourceLocation: sourceLocation)
  }
}

extension Set where Element == String {
  /// The members of an object, in no order.
  fileprivate init(members: Sidecars) {
    self.init(members.map { "\($0.key): \($0.value)" })
  }
}
