import BinaryIO
import Formats
import HuggingFaceConverter
import JSON
import OrderedCollections
import SafeTensorsConverter
import Tensors
import TestSupport
import Testing

/// A model of two tensors with what the zoo would put beside it.
private func model() -> Checkpoint {
  let entries = [("a.weight", Tensor([1, 2, 3] as [Float])), ("b.weight", Tensor([4] as [Int64]))]
  var checkpoint = Checkpoint(
    format: "test", tensors: entries.map { TensorEntry(name: $0.0, $0.1) })
  checkpoint.sidecars = [
    "config.json": ["model_type": "resnet"], "preprocessor_config.json": ["size": 224],
  ]
  return checkpoint
}

private func shard(_ scratch: ScratchDirectory, _ name: String, _ tensors: [String]) throws {
  let entries = tensors.map { TensorEntry(name: $0, Tensor([1] as [Float])) }
  _ = try SafeTensorsFormat().write(
    Checkpoint(format: "test", tensors: entries), to: scratch.file(name))
}

@Suite struct HuggingFaceDirectories {
  private let format = HuggingFaceFormat()

  @Test func returnsWeightsAndWhatLiesBeside() throws {
    let scratch = ScratchDirectory()
    _ = try format.write(model(), to: scratch.file("m") + "/")
    #expect(scratch.names == ["m"])
    let after = try format.read(scratch.file("m"))
    #expect(after.tensors.map(\.name) == ["a.weight", "b.weight"])
    #expect(after.sidecars == model().sidecars)
    #expect(after.format == "huggingface")
  }

  @Test func replacesAModelButNothingElse() throws {
    let scratch = ScratchDirectory()
    _ = try format.write(model(), to: scratch.file("m"))
    _ = try format.write(model(), to: scratch.file("m"))
    try System.createDirectory(scratch.file("pictures"))
    try scratch.write("pictures/cat.png", [1])
    let error = #expect(throws: DataError.self) {
      try format.write(model(), to: scratch.file("pictures"))
    }
    #expect(error?.code == .unwritable)
    #expect(System.names(in: scratch.file("pictures")) == ["cat.png"])
    #expect(scratch.names == ["m", "pictures"])
  }

  @Test func wantsAConfiguration() {
    var checkpoint = model()
    checkpoint.sidecars = [:]
    #expect(format.obstacle(to: checkpoint)?.code == .unsupported)
  }

  @Test func readsWeightsWithoutAConfiguration() throws {
    let scratch = ScratchDirectory()
    try shard(scratch, "anything.safetensors", ["a"])
    #expect(try format.read(scratch.path).tensors.map(\.name) == ["a"])
  }

  @Test func joinsShards() throws {
    let scratch = ScratchDirectory()
    try shard(scratch, "model-1.safetensors", ["a", "b"])
    try shard(scratch, "model-2.safetensors", ["c"])
    let index =
      #"{"weight_map":{"a":"model-1.safetensors","c":"model-2.safetensors","b":"model-1.safetensors"}}"#
    try scratch.write("model.safetensors.index.json", Array(index.utf8))
    #expect(try format.read(scratch.path).normalised.map(\.entry.name) == ["a", "b", "c"])
  }

  @Test(arguments: [
    (
      #"{"weight_map":{"a":"model-1.safetensors","c":"model-2.safetensors"}}"#,
      DataError.Code.notFound
    ),
    (#"{"weight_map":{"a":"../model-1.safetensors"}}"#, .malformed),
    (#"{"weight_map":{"z":"model-1.safetensors"}}"#, .malformed),
    (#"{"weight_map":[]}"#, .malformed), (#"{"#, .malformed),
  ]) func refusesAnIndex(_ text: String, _ code: DataError.Code) throws {
    let scratch = ScratchDirectory()
    try shard(scratch, "model-1.safetensors", ["a"])
    try scratch.write("model.safetensors.index.json", Array(text.utf8))
    let error = #expect(throws: DataError.self) { try format.read(scratch.path) }
    #expect(error?.code == code)
    #expect(error?.path?.hasSuffix("index.json") == true)
  }

  @Test func refusesADirectoryWithoutWeights() throws {
    let scratch = ScratchDirectory()
    try scratch.write("config.json", Array("{}".utf8))
    let error = #expect(throws: DataError.self) { try format.read(scratch.path) }
    #expect(error?.code == .unknownFormat)
  }
}
