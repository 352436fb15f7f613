import BinaryIO
import Execution
import Formats
import HuggingFaceConverter
import Kernels
import ModelGraph
import Operators
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Training

@testable import Menagerie

/// The sum of all outputs, each times a number of its own: what the makers of the golden files took gradients of.
private struct WeightedSum: Objective {
  func targets(for output: TensorType) throws -> TensorType {
    TensorType(.float32, output.dimensions)
  }

  func loss(
    _ output: ValueID, _ targets: ValueID, in graph: inout Graph
  ) throws -> ValueID {
    let product = graph.add(Mul(), [output, targets], name: "loss/product")
    return graph.add(ReduceSum(keepDimensions: false), [product], name: "loss")
  }
}

/// Adapters that `peft` made for the tiny models of other tests.
@Suite struct AdapterTests {
  static let bases = [
    "bert-text": "encoders/bert-text", "gpt2": "decoders/gpt2", "llama-dora": "decoders/llama",
    "resnet": "architectures/huggingface-resnet-basic",
    "resnet-dora": "architectures/huggingface-resnet-basic",
    "timm-vit": "architectures/timm-vit", "timm-vit-dora": "architectures/timm-vit",
  ]

  private func base(_ name: String) throws -> Model {
    try Model(contentsOf: Fixtures.path(#require(Self.bases[name])))
  }

  private func path(_ name: String) -> String { Fixtures.path("adapters/\(name)") }

  private func inputs(_ name: String) throws -> [String: Tensor] {
    let base = try #require(Self.bases[name])
    if base.hasPrefix("encoders") {
      let golden = try NumPyArrays.arrays("\(base)/golden.npz")
      return golden.filter { ["input_ids", "attention_mask", "token_type_ids"].contains($0.key) }
    }
    if base.hasPrefix("decoders") {
      let ids = try NumPyArrays.array("\(base)/ids.npy")
      let ones = Tensor(shape: ids.shape, [Int64](repeating: 1, count: ids.elementCount))
      return ["input_ids": ids, "attention_mask": ones]
    }
    let graph = try self.base(name).graph()
    return [graph[graph.inputs[0]].name: try NumPyArrays.array("\(base)/input.npy")]
  }

  private func distance(_ a: Tensor, _ b: Tensor) -> Double {
    guard a.shape == b.shape else { return .infinity }
    let largest = b.doubles.map(abs).max() ?? 0
    let worst = zip(a.doubles, b.doubles).map { abs($0 - $1) }.max() ?? .infinity
    return worst / max(largest, 1e-30)
  }

  @Test(arguments: bases.keys.sorted())
  func mergedItAnswersAsInPeft(name: String) throws {
    let golden = try NumPyArrays.arrays("adapters/\(name)/golden.npz")
    let model = try base(name)
    let merged = try model.mergingAdapter(at: path(name))
    let inputs = try inputs(name)
    let logits = try merged.run(inputs)[0].tensor
    let expected = try #require(golden["logits"])
    #expect(distance(logits, expected) < 2e-5)
    #expect(distance(try model.run(inputs)[0].tensor, expected) > 1e-3)
    let (key, weight) = try #require(golden.first { $0.key.hasPrefix("merged/") })
    let own = try #require(
      merged.checkpoint.normalised.first {
        $0.entry.name == key.dropFirst("merged/".count) + ".weight"
      })
    #expect(distance(try own.entry.load(), weight) < 1e-6)
  }

  @Test(arguments: bases.keys.sorted())
  func besideTheWeightsItAnswersAndLearnsAsInPeft(name: String) throws {
    let golden = try NumPyArrays.arrays("adapters/\(name)/golden.npz")
    let model = try base(name)
    let adapter = try ModelAdapter(PEFTAdapter(contentsOf: path(name)), for: model)
    let table = WeightTable(model.weights)
    let parameters =
      adapter.tensors.sorted { $0.key < $1.key }.map { Parameter(name: $0.key, $0.value) }
      + adapter.replaced.map { Parameter(name: $0.key, $0.value) }
    let session = try TrainingSession(
      graph: try model.graph().adapted(by: adapter.adapters),
      weights: { try table.tensor($0) }, parameters: parameters, objective: WeightedSum())
    let shares = try #require(golden["shares"])
    let result = try session.step(inputs(name), targets: shares)
    #expect(distance(try #require(result.output), try #require(golden["logits"])) < 2e-5)
    let modules = try AdaptableModules(of: model)
    let gradients = parameters.map { ($0.name, Tensor(shape: $0.shape, $0.gradient.array)) }
    let whole = try modules.named(gradients.filter { adapter.replaced[$0.0] != nil })
    var found = Dictionary(uniqueKeysWithValues: gradients)
    for entry in whole { found[entry.name] = try entry.load() }
    var compared = 0
    let expected = golden.filter { $0.key.hasPrefix("gradient/") }
    let steepest = expected.values.flatMap(\.doubles).map(abs).max() ?? 0
    for (key, gradient) in expected {
      let own = try #require(found[String(key.dropFirst("gradient/".count))], "\(key)")
      #expect(distance(own, gradient) < 1e-4, "\(key)")
      #expect((gradient.doubles.map(abs).max() ?? 0) > 1e-4 * steepest, "\(key)")
      compared += 1
    }
    #expect(compared >= 4)
  }

  @Test func namesAreThoseOfTheLibraryWhereverTheModelComesFrom() throws {
    let modules = try AdaptableModules(of: base("timm-vit"))
    let joined = try #require(modules.modules["blocks.0.attn.qkv"])
    #expect(joined.parts.map(\.rows) == [0..<64, 64..<128, 128..<192])
    #expect(try AdaptableModules(of: base("gpt2")).modules.values[0].isTransposed)
    let bert = try AdaptableModules(of: Model(contentsOf: Fixtures.path("encoders/bert")))
    #expect(bert.modules["encoder.layer.0.attention.self.query"] != nil)
    // A file of llama.cpp's gets the names of the Hub
    let gguf = try AdaptableModules(
      of: Model(contentsOf: Fixtures.path("decoders/llama-gguf/model.gguf")))
    let hub = try AdaptableModules(of: Model(contentsOf: Fixtures.path("decoders/llama")))
    #expect(Array(gguf.modules.keys) == Array(hub.modules.keys))
  }

  @Test func shortNamesAreWrittenWhereTheySayTheSame() throws {
    let modules = try AdaptableModules(of: base("bert-text"))
    let names = Array(modules.modules.keys).filter { $0.hasSuffix("query") }
    #expect(modules.targets(names) == ["query"])
    let dense = Array(modules.modules.keys).filter { $0.hasSuffix("attention.output.dense") }
    #expect(modules.targets(dense) == dense)
  }

  @Test func usualTargetsAreQueriesAndValues() throws {
    let modules = try AdaptableModules(of: base("bert-text"))
    let usual = try modules.chosen([], without: [])
    #expect(Set(usual.map { $0.name.split(separator: ".").last }) == ["query", "value"])
    #expect(usual.count == 4)
    let all = try modules.chosen(["all-linear"], without: ["classifier.out.weight"])
    #expect(all.count == 13 && !all.contains { $0.name == "classifier" })
    #expect(try modules.chosen(["layer.1.*.dense"], without: []).count == 3)
    let error = #expect(throws: DataError.self) { try modules.chosen(["q_proj"], without: []) }
    #expect(
      error?.description.contains("no linear layer or convolution is called 'q_proj'") == true)
  }

  @Test func whatNobodyAsksIsNotAdapted() throws {
    let model = try Model(contentsOf: Fixtures.path("encoders/bert"))
    let modules = try AdaptableModules(of: model)
    #expect(try modules.chosen(["all-linear"], without: []).contains { $0.name == "pooler.dense" })
    let graph = try model.graph().judgedPart
    let live = Set(graph.parameters.map { graph[$0].name })
    let chosen = try modules.chosen(["all-linear"], without: [], among: live)
    #expect(chosen.count == 12 && !chosen.contains { $0.name.hasPrefix("pooler") })
    #expect(throws: DataError.self) {
      try modules.chosen(["pooler.dense"], without: [], among: live)
    }
  }

  /// Those of transformers 5; weights on disk, and older adapters, have others.
  @Test func visionTransformersHaveTheirLibrarysNames() throws {
    let modules = try AdaptableModules(
      of: Model(contentsOf: Fixtures.path("architectures/huggingface-vit")))
    let usual = try modules.chosen([], without: [])
    #expect(usual.first?.name == "vit.layers.0.attention.q_proj")
    #expect(Set(usual.map { $0.name.split(separator: ".").last }) == ["q_proj", "v_proj"])
    let former = "vit.encoder.layer.1.intermediate.dense"
    #expect(modules.module(named: former)?.name == "vit.layers.1.mlp.fc1")
    #expect(modules.module(named: "layers.0.attention.o_proj") != nil)
    #expect(try modules.chosen(["query"], without: []).allSatisfy { $0.name.hasSuffix("q_proj") })
    #expect(modules.targets(usual.map(\.name)) == ["q_proj", "v_proj"])
  }

  @Test func anotherModelsAdapterIsRefusedInALine() throws {
    let other = #expect(throws: DataError.self) {
      try base("bert-text").mergingAdapter(at: path("gpt2"))
    }
    #expect(
      other?.description.contains("the adapter is for the module 'transformer.h.0.attn.c_attn'")
        == true)
    #expect(other?.description.contains("it was made for 'decoders/gpt2'") == true)
    let scratch = ScratchDirectory()
    var file = try PEFTAdapter(contentsOf: path("bert-text"))
    file.configuration.rank = 5
    let rank = #expect(throws: DataError.self) { try ModelAdapter(file, for: base("bert-text")) }
    #expect(rank?.description.contains("is of rank 4, not 5") == true)
    file.configuration.rank = 4
    let name = try #require(file.tensors.keys.first { $0.hasSuffix("lora_B.weight") })
    file.tensors[name] = nil
    let missing = #expect(throws: DataError.self) { try ModelAdapter(file, for: base("bert-text")) }
    #expect(missing?.description == "tensor '\(name)': is missing")
    file.tensors[name] = TensorEntry(name: name, Tensor(zeros: [7, 4], dataType: .float32))
    let shape = #expect(throws: DataError.self) { try ModelAdapter(file, for: base("bert-text")) }
    #expect(shape?.description.contains("is [7, 4], where") == true)
    file = try PEFTAdapter(contentsOf: path("bert-text"))
    let whole = "classifier.weight"
    file.tensors[whole] = TensorEntry(name: whole, Tensor(zeros: [5, 24], dataType: .float32))
    let broad = #expect(throws: DataError.self) { try ModelAdapter(file, for: base("bert-text")) }
    #expect(broad?.description.contains("'classifier.weight': gives [5, 24]") == true)
    let none = #expect(throws: DataError.self) {
      try base("bert-text").mergingAdapter(at: scratch.file("nothing"))
    }
    #expect(none?.code == .notFound)
  }

  /// As where one base stands in another: whose numbers would count?
  @Test func twoAdaptersOfOneModuleAreRefused() throws {
    var file = try PEFTAdapter(contentsOf: path("bert-text"))
    for (name, entry) in file.tensors where name.contains("layer.1.attention.self.query") {
      file.tensors["other.\(name)"] = entry
    }
    let error = #expect(throws: DataError.self) { try ModelAdapter(file, for: base("bert-text")) }
    #expect(
      error?.found
        == "is a second adapter for the module 'bert.encoder.layer.1.attention.self.query'")
    #expect(error?.subject?.contains("'other.bert.encoder.layer.1") == true)
  }

  @Test(arguments: bases.keys.sorted())
  func whatIsWrittenIsReadAgain(name: String) throws {
    let scratch = ScratchDirectory()
    let file = try PEFTAdapter(contentsOf: path(name))
    try file.write(to: scratch.file("adapter"))
    try file.write(to: scratch.file("adapter/"))
    let back = try PEFTAdapter(contentsOf: scratch.file("adapter"))
    #expect(back.configuration == file.configuration)
    #expect(Set(back.tensors.keys) == Set(file.tensors.keys))
    for (name, entry) in file.tensors {
      #expect(try entry.load().isBitEqual(to: #require(back.tensors[name]).load()))
    }
  }
}
