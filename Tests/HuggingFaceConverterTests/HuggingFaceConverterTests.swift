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

  @Test func bringsFilesBesideByteForByte() throws {
    let scratch = ScratchDirectory()
    try System.createDirectory(scratch.file("m"))
    try System.createDirectory(scratch.file("m/1_Pooling"))
    try System.createDirectory(scratch.file("m/additional_chat_templates"))
    try shard(scratch, "m/model.safetensors", ["a"])
    let files = [
      "config.json": #"{ "model_type":"bert" }"#, "tokenizer.json": "{ }", "vocab.txt": "a\r\n",
      "tokenizer_config.json": #"{"a" : 1}"#, "merges.txt": "", "spiece.model": "\u{1}",
      "chat_template.jinja": "{{ x }}", "additional_chat_templates/rag.jinja": "{{ y }}",
      "1_Pooling/config.json": "{  }",
      "modules.json": #"[{"path":""},{"path":"1_Pooling"},{"path":"../m"},{"path":"/etc"}]"#,
    ]
    for (name, text) in files { try scratch.write("m/\(name)", Array(text.utf8)) }
    try scratch.write("m/notes.txt", [1])
    let checkpoint = try format.read(scratch.file("m"))
    #expect(checkpoint.sidecars["tokenizer_config.json"] == ["a": 1])
    for out in ["n", "n"] { _ = try format.write(checkpoint, to: scratch.file(out)) }
    for (name, text) in files {
      #expect(try Companion(path: scratch.file("n/\(name)")).bytes().array == Array(text.utf8))
    }
    #expect(System.isDirectory(scratch.file("n/notes.txt")) == nil)
    #expect(System.names(in: scratch.file("n")).count == files.count + 1)
  }

  @Test(arguments: ["../x", "/x", "a/../b", "a//b", "."])
  func refusesACompanionThatLeadsElsewhere(_ name: String) throws {
    let scratch = ScratchDirectory()
    var checkpoint = model()
    checkpoint.companions[name] = Companion(Bytes([1]))
    #expect(throws: DataError.self) { try format.write(checkpoint, to: scratch.file("m")) }
    #expect(scratch.names.isEmpty)
  }

  @Test func writesShardsThatItReads() throws {
    let scratch = ScratchDirectory()
    let entries = (0..<5).map { TensorEntry(name: "t\($0)", Tensor([Float($0), 1])) }
    var checkpoint = Checkpoint(format: "test", tensors: entries)
    checkpoint.sidecars = ["config.json": ["model_type": "bert"]]
    let written = try HuggingFaceFormat(shardByteCount: 16).write(
      checkpoint, to: scratch.file("m"))
    #expect(written.map(\.source) == entries.map(\.name))
    let names = System.names(in: scratch.file("m"))
    #expect(names.filter { $0.hasSuffix("-of-00003.safetensors") }.count == 3)
    let index = try JSONValue(
      parsing: try MappedFile(path: scratch.file("m/model.safetensors.index.json")).bytes)
    #expect(index["metadata"]?["total_size"] == 40)
    #expect(index["weight_map"]?["t4"] == "model-00003-of-00003.safetensors")
    let read = try format.read(scratch.file("m"))
    #expect(read.tensors.map(\.name) == entries.map(\.name))
  }

  @Test func saysTheTypeOfTheWeights() throws {
    let scratch = ScratchDirectory()
    var checkpoint = Checkpoint(
      format: "test", tensors: [TensorEntry(name: "a", Tensor(zeros: [2, 2], dataType: .bfloat16))])
    checkpoint.sidecars = ["config.json": ["dtype": "float32"]]
    _ = try format.write(checkpoint, to: scratch.file("m"))
    #expect(try format.read(scratch.file("m")).sidecars["config.json"] == ["dtype": "bfloat16"])
  }

  @Test(arguments: [
    (#"{"vocab_size":7}"#, "vocab_size is 7, but tensor 'x.word_embeddings.weight' has 6 rows"),
    (
      #"{"hidden_size":8}"#, "hidden_size is 8, but tensor 'x.word_embeddings.weight' has rows of 4"
    ),
    (#"{"num_hidden_layers":3}"#, "num_hidden_layers is 3, but the tensors are those of 2 layers"),
    (
      #"{"num_attention_heads":4}"#,
      "num_attention_heads is 4, but tensor 'x.query.weight' has 6 rows"
    ),
    (
      #"{"num_attention_heads":3,"num_key_value_heads":2}"#,
      "num_attention_heads is 3, but num_key_value_heads 2 does not divide it"
    ),
    (#"{"num_heads":0}"#, "num_heads is 0, but there is at least one head"),
    (#"{"num_attention_heads":3,"num_key_value_heads":1}"#, nil),
    (#"{"vocab_size":6,"hidden_size":4,"num_hidden_layers":2}"#, nil),
  ]) func namesAContradiction(_ config: String, _ words: String?) throws {
    let scratch = ScratchDirectory()
    let names = [
      "x.word_embeddings.weight", "x.query.weight", "x.layer.0.a", "x.layer.1.a",
    ]
    let entries = names.map {
      TensorEntry(name: $0, Tensor(zeros: [6, 4]))
    }
    _ = try SafeTensorsFormat().write(
      Checkpoint(format: "test", tensors: entries), to: scratch.file("model.safetensors"))
    try scratch.write("config.json", Array(config.utf8))
    let error = try format.read(scratch.path).graphError
    #expect(error?.found == words.map { "config.json contradicts the weights: \($0)" })
    var single = try SafeTensorsFormat().read(scratch.file("model.safetensors"))
    single.adoptNeighbours(of: scratch.file("model.safetensors"))
    #expect(single.graphError?.found == error?.found)
    #expect(single.sidecars["config.json"] != nil)
  }

  @Test func aFileOfOthersTakesNothing() throws {
    let scratch = ScratchDirectory()
    try shard(scratch, "mine.safetensors", ["a"])
    try shard(scratch, "model.safetensors", ["a"])
    try scratch.write("config.json", Array("{}".utf8))
    try scratch.write("mine.json", Array(#"{"labels":["x"]}"#.utf8))
    var mine = try SafeTensorsFormat().read(scratch.file("mine.safetensors"))
    mine.adoptNeighbours(of: scratch.file("mine.safetensors"))
    #expect(Array(mine.sidecars.keys) == ["mine.json"])
  }

  @Test(arguments: [
    (#"{"labels":["x"]}"#, ["labels are from größe.json"]),
    (#"{"preprocessing":{}}"#, ["preprocessing is from größe.json"]),
    (
      #"{"labels":["x"],"preprocessing":{}}"#,
      ["labels are from größe.json", "preprocessing is from größe.json"]
    ),
    (#"{"other":1}"#, []),
  ]) func saysWhatANeighbourTells(_ text: String, _ notes: [String]) throws {
    let scratch = ScratchDirectory()
    try shard(scratch, "größe.safetensors", ["a"])
    try scratch.write("größe.json", Array(text.utf8))
    var file = try SafeTensorsFormat().read(scratch.file("größe.safetensors"))
    file.adoptNeighbours(of: scratch.file("größe.safetensors"))
    #expect(file.notes == notes)
    #expect(Array(file.sidecars.keys) == (notes.isEmpty ? [] : ["größe.json"]))
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
