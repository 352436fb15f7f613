import BinaryIO
import Execution
import Formats
import Glibc
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import Testing
import Zoo

/// Vision transformers in the words of their authors and of other libraries; what the libraries compute from such files is
/// judged by `scripts/interop/vision.py`.
@Suite struct VisionDialectTests {
  private static func values(_ count: Int, _ seed: Int) -> [Float] {
    (0..<count).map { Float(sin(Double($0 * 7 + seed * 13) * 0.37)) * 0.3 }
  }

  /// The model of such weights under transformers' names.
  private func model(_ configuration: VisionTransformerConfiguration) throws -> ZooModel {
    let definition = try configuration.build()
    var shapes: [String: Shape] = [
      "embeddings.mask_token": [1, configuration.hidden]
    ]
    for id in definition.graph.parameters {
      shapes[definition.graph[id].name] = definition.graph[id].type.shape
    }
    let canonical = try definition.state.enumerated().map { index, name in
      let shape = try #require(shapes[name])
      let numbers = Self.values(shape.elementCount, index)
      return NormalisedTensor(TensorEntry(name: name, Tensor(shape: shape, numbers)))
    }
    let map = try #require(configuration.nameMap(for: .huggingFace)).inverted
    return try recognised(try map.apply(to: canonical).tensors)
  }

  private func recognised(_ tensors: [NormalisedTensor]) throws -> ZooModel {
    let found = try #require(
      Catalogue.standard.recognise(tensors),
      "\(Catalogue.standard.resemblances(of: tensors).map(\.description))")
    return try found.model(weights: tensors)
  }

  private func answer(_ model: ZooModel) throws -> [Float] {
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(weights[$0]).load() }
    let picture = Tensor(shape: [1, 3, 24, 24], Self.values(3 * 24 * 24, 99))
    let input = model.dialect.isChannelsLast ? picture.permuted([0, 2, 3, 1]) : picture
    return try #require(session.run([session.inputs[0].name: input]).first).tensor.floats
  }

  private func tiny(
    _ kind: VisionTransformerConfiguration.Kind,
    _ change: (inout VisionTransformerConfiguration) -> Void = { _ in }
  ) -> VisionTransformerConfiguration {
    var configuration = VisionTransformerConfiguration(
      kind, hidden: 64, layers: 2, heads: 1, feedForward: .plain(32), patch: 8, image: 24,
      head: nil)
    configuration.hasMaskToken = kind == .dinov2 || kind == .dinov2WithRegisters
    change(&configuration)
    return configuration
  }

  private func expectTheSame(
    _ configuration: VisionTransformerConfiguration, in dialect: Dialect,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ExpressedModel {
    let source = try model(configuration)
    let expressed = try source.expressed(in: dialect)
    let there = try recognised(expressed.tensors)
    #expect(there.dialect == dialect, sourceLocation: sourceLocation)
    #expect(there.recognition.family == source.recognition.family, sourceLocation: sourceLocation)
    let back = try recognised(there.expressed(in: .huggingFace).tensors)
    let golden = try answer(source)
    for model in [there, back] {
      let worst = zip(try answer(model), golden).map { abs($0 - $1) }.max() ?? 1
      #expect(worst < 3e-5, "\(model.dialect)", sourceLocation: sourceLocation)
    }
    return expressed
  }

  @Test func addsThePositionOfTheFirstTokenToIt() throws {
    let configuration = tiny(.dinov2WithRegisters) { $0.registers = 4 }
    let expressed = try expectTheSame(configuration, in: .timm)
    let shapes = Dictionary(
      expressed.tensors.map { ($0.entry.name, $0.entry.shape) }, uniquingKeysWith: { $1 })
    #expect(shapes["pos_embed"] == [1, 9, 64])
    #expect(shapes["reg_token"] == [1, 4, 64])
    #expect(shapes["mask_token"] == nil)
    #expect(expressed.account.dropped.count == 1)
    let action = expressed.tensors.first { $0.entry.name == "cls_token" }?.action
    #expect(action == .folded)
    // Back, the position is zeros, and so is the token for hidden patches
    let back = try recognised(expressed.tensors).expressed(in: .huggingFace).tensors
    let table = try #require(back.first { $0.entry.name.hasSuffix("position_embeddings") })
    #expect(table.entry.shape == [1, 10, 64])
    #expect(try table.entry.load().floats.prefix(64).allSatisfy { $0 == 0 })
    #expect(
      back.first { $0.entry.name.hasSuffix("mask_token") }?.action == .synthesised)
  }

  @Test func callsGatedLayersAsEachLibraryDoes() throws {
    let configuration = tiny(.dinov2) { $0.feedForward = .gated(24) }
    let timm = try expectTheSame(configuration, in: .timm).tensors.map(\.entry.name)
    #expect(timm.contains("blocks.1.mlp.fc1.weight"))
    let meta = try expectTheSame(configuration, in: .meta).tensors.map(\.entry.name)
    #expect(meta.contains("blocks.1.mlp.w12.weight"))
    #expect(meta.contains("mask_token"))
  }

  @Test func knowsTheFilesOfDINOsAuthors() throws {
    let configuration = tiny(.dinov2WithRegisters) { $0.registers = 4 }
    let names = try expectTheSame(configuration, in: .meta).tensors.map(\.entry.name)
    #expect(names.contains("register_tokens"))
  }

  @Test func splitsHeadsAsGoogleDoes() throws {
    let configuration = tiny(.vit) { $0.head = .first(5) }
    let expressed = try expectTheSame(configuration, in: .google)
    let shapes = Dictionary(
      expressed.tensors.map { ($0.entry.name, $0.entry.shape) }, uniquingKeysWith: { $1 })
    let attention = "Transformer/encoderblock_1/MultiHeadDotProductAttention_1"
    #expect(shapes["\(attention)/query/kernel"] == [64, 1, 64])
    #expect(shapes["\(attention)/value/bias"] == [1, 64])
    #expect(shapes["\(attention)/out/kernel"] == [1, 64, 64])
    #expect(shapes["embedding/kernel"] == [8, 8, 3, 64])
    #expect(shapes["head/kernel"] == [64, 5])
  }

  @Test func seesHeadsInGooglesShapes() throws {
    var tensors = try model(tiny(.vit) { $0.head = .first(5) }).expressed(in: .google).tensors
    for index in tensors.indices {
      let entry = tensors[index].entry
      guard entry.name.contains("MultiHead") else { continue }
      let shape: Shape =
        entry.name.hasSuffix("out/kernel")
        ? [2, 32, 64] : entry.name.hasSuffix("kernel") ? [64, 2, 32] : [2, 32]
      guard !entry.name.hasSuffix("out/bias") else { continue }
      tensors[index].entry = entry.mapped(shape: shape) { $0.reshaped(shape) }
    }
    for index in tensors.indices {
      tensors[index].entry.name = "opt/target/" + tensors[index].entry.name
    }
    let found = try recognised(tensors)
    let configuration = found.configuration as? VisionTransformerConfiguration
    #expect(configuration?.heads == 2)
    #expect(found.configuration.assumptions.isEmpty)
  }

  @Test func callsTheFirstOfTwoHeadsByItsOwnName() throws {
    let teacher = try GoldenLogitsTests.model("huggingface-deit-teacher")
    let alone = try GoldenLogitsTests.model("huggingface-deit")
    for (model, name) in [(teacher, "cls_classifier.weight"), (alone, "classifier.weight")] {
      let map = try #require(model.configuration.nameMap(for: .huggingFace)).inverted
      #expect(map.names(for: "classifier.weight") == [name])
    }
  }

  @Test func takesAnEpsilonThatNobodySees() throws {
    let configuration = tiny(.vit)
    #expect(configuration.epsilon == 1e-12)
    guard case .possible(let target) = configuration.adapted(to: .timm) else {
      Issue.record("refused")
      return
    }
    #expect((target as? VisionTransformerConfiguration)?.epsilon == 1e-6)
    var coarse = configuration
    coarse.epsilon = 1e-5
    guard case .impossible(let why) = coarse.adapted(to: .timm) else {
      Issue.record("not refused")
      return
    }
    #expect(why.contains("epsilon"))
  }

  @Test(arguments: [
    ("norm_pre.weight", "'norm_pre.bias' is missing"),
    ("fc_norm.weight", "'fc_norm.weight' does not belong to it"),
    ("blocks.0.attn.q_norm.weight", "'blocks.0.attn.q_norm.weight' does not belong to it"),
  ])
  func namesWhatANearMissHas(name: String, expected: String) throws {
    var tensors = try model(tiny(.vit)).expressed(in: .timm).tensors
    tensors.append(
      NormalisedTensor(TensorEntry(name: name, Tensor(shape: [64], Self.values(64, 1)))))
    #expect(Catalogue.standard.recognise(tensors) == nil)
    let nearest = try #require(Catalogue.standard.resemblances(of: tensors).first)
    #expect(nearest.family == "ViT")
    #expect(nearest.description.contains(expected))
  }

  @Test func namesWhatANearMissLacks() throws {
    var tensors = try model(tiny(.vit)).expressed(in: .timm).tensors
    tensors.removeAll { $0.entry.name == "cls_token" }
    let nearest = try #require(Catalogue.standard.resemblances(of: tensors).first)
    #expect(nearest.description.contains("'cls_token' is missing"))
  }
}
