import BinaryIO
import Formats
import GGUFConverter
import HuggingFaceConverter
import JSON
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Text

/// A checkpoint as a Hugging Face directory has it, with the tokenizer of the toy.
private func directory() throws -> Checkpoint {
  var checkpoint = try GGUFFormat().read(Fixtures.path("gguf/llama.gguf"))
  checkpoint.native = nil
  return checkpoint
}

@Suite struct GGUFWriting {
  @Test(arguments: ["types.gguf", "blocks.gguf", "llama.gguf", "version2.gguf"])
  func returnsEverythingWithTheSameBytesEachTime(_ name: String) throws {
    let scratch = ScratchDirectory()
    let before = try GGUFFormat().read(Fixtures.path("gguf/\(name)"))
    _ = try GGUFFormat().write(before, to: scratch.file("a"))
    _ = try GGUFFormat().write(before, to: scratch.file("b"))
    let after = try GGUFFormat().read(scratch.file("a"))
    #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
    var metadata = before.metadata
    metadata["general.alignment"] = nil
    for key in metadata.keys { #expect(after.metadata[key] == metadata[key], "\(key)") }
    for (old, new) in zip(before.tensors, after.tensors) {
      #expect(try old.load().isBitEqual(to: new.load()))
    }
    let bytes = try [scratch.file("a"), scratch.file("b")].map { try MappedFile(path: $0).bytes }
    #expect(bytes[0].elementsEqual(bytes[1]))
  }

  @Test func writesTheKeysThatItReads() throws {
    let scratch = ScratchDirectory()
    let before = try GGUFFormat().read(Fixtures.path("gguf/llama.gguf"))
    _ = try GGUFFormat().write(directory(), to: scratch.file("a"))
    let after = try GGUFFormat().read(scratch.file("a"))
    let theirs = try #require(before.gguf)
    let ours = try #require(after.gguf)
    for (key, value) in theirs.values where key != "general.name" {
      if key == "general.file_type" || key.hasPrefix("general.q") { continue }
      #expect(ours[key]?.type == value.type, "\(key)")
      #expect(ours[key]?.json == value.json, "\(key)")
    }
    #expect(try ours.vocabulary()?.merges == theirs.vocabulary()?.merges)
    #expect(try ours.vocabulary()?.tokens == theirs.vocabulary()?.tokens)
    #expect(ours["general.file_type"]?.integer == 7)
    #expect(ours["general.quantization_version"]?.integer == 2)
    #expect(after.sidecars["config.json"] == before.sidecars["config.json"])
  }

  @Test func refusesWhatReadersWouldRefuse() throws {
    let scratch = ScratchDirectory()
    for (name, tensor) in [
      (String(repeating: "x", count: 64), Tensor([1] as [Float])),
      ("five", Tensor(shape: [1, 1, 1, 1, 1], [1] as [Float])), ("odd", Tensor([true])),
    ] {
      let checkpoint = Checkpoint(
        format: "test", tensors: [TensorEntry(name: name, tensor)])
      let error = #expect(throws: DataError.self) {
        try GGUFFormat().write(checkpoint, to: scratch.file("a"))
      }
      #expect(error?.code == .unsupported)
      #expect(error?.subject == "tensor '\(name)'")
    }
    #expect(scratch.names.isEmpty)
  }

  @Test func choosesTheUsualMix() throws {
    func tensor(_ name: String, _ shape: Shape, _ type: DataType = .float16) -> TensorEntry {
      TensorEntry(name: name, Tensor(zeros: shape, dataType: type))
    }
    let checkpoint = Checkpoint(
      format: "test",
      tensors: [
        tensor("token_embd.weight", [8, 256]), tensor("blk.0.attn_norm.weight", [256]),
        tensor("blk.0.attn_q.weight", [256, 256]), tensor("blk.0.attn_v.weight", [256, 256]),
        tensor("blk.1.attn_v.weight", [256, 256]), tensor("blk.1.ffn_down.weight", [256, 96]),
        tensor("blk.2.ffn_down.weight", [256, 40], .bfloat16), tensor("ids", [3], .int64),
      ])
    func types(_ asked: DataType?) -> [DataType]? {
      GGUFFormat().storage(of: checkpoint, asked: asked)?.map(\.dataType)
    }
    #expect(
      types(.q4_K) == [
        .q6_K, .float32, .q4_K, .q4_K, .q4_K, .q8_0, .bfloat16, .int64,
      ])
    #expect(
      types(.q8_0) == [.q8_0, .float32, .q8_0, .q8_0, .q8_0, .q8_0, .bfloat16, .int64])
    #expect(
      types(nil) == [
        .float16, .float32, .float16, .float16, .float16, .float16, .bfloat16, .int64,
      ])
    #expect(GGUFFormat().storage(of: checkpoint, asked: .q4_K)?[5].note != nil)
  }
}

@Suite struct GGUFTokenizers {
  @Test func aDirectoryGetsATokenizerThatCutsAlike() throws {
    let checkpoint = try GGUFFormat().read(Fixtures.path("gguf/llama.gguf"))
    let file = try #require(checkpoint.companions["tokenizer.json"])
    let tokenizer = try Tokenizer(json: try file.bytes())
    let cases = try JSONValue(parsing: try Fixtures.bytes("gguf/llama-ids.json")).array ?? []
    #expect(cases.count == 3)
    for one in cases {
      let ids = try tokenizer.encode(one["text"]?.string ?? "", addSpecialTokens: false).ids
      #expect(ids.map { Int($0) } == one["ids"]?.integers)
    }
    let settings = try JSONValue(
      parsing: try #require(checkpoint.companions["tokenizer_config.json"]).bytes())
    #expect(settings["bos_token"] == "<|im_start|>")
    #expect(settings["chat_template"]?.string?.hasPrefix("{% for m in messages %}") == true)
  }

  /// Which texts are what they are only because of one part of the description.
  @Test(arguments: ["llama", "bert", "t5"]) func otherKindsComeBackToo(_ model: String) throws {
    let pieces: [String: [JSONValue]] = [
      "llama": ["<unk>", "<s>", "</s>", "<0x41>", "▁", "a", "b", "ab", "▁ab"],
      "bert": ["[UNK]", "[CLS]", "[SEP]", "▁a", "b", "▁ab"],
      "t5": ["<pad>", "</s>", "<unk>", "▁", "a", "▁a"],
    ]
    let scores: [Float] = [0, 0, 0, 0, -4, -5, -6, -1, -2]
    var file = CraftedFile(
      tensors: 1, pairs: model == "llama" ? 6 : model == "bert" ? 5 : 6)
    func add(text: String, _ key: String) {
      file.add(key)
      file.add(UInt32(8))
      file.add(text)
    }
    add(text: "unknown", "general.architecture")
    add(text: model, "tokenizer.ggml.model")
    file.add("tokenizer.ggml.tokens")
    file.add(UInt32(9))
    file.add(UInt32(8))
    let texts = (pieces[model] ?? []).compactMap(\.string)
    file.add(UInt64(texts.count))
    for text in texts { file.add(text) }
    if model != "bert" {
      file.add("tokenizer.ggml.scores")
      file.add(UInt32(9))
      file.add(UInt32(6))
      file.add(UInt64(texts.count))
      for id in texts.indices { file.add(scores[id].bitPattern) }
    }
    file.add(pair: "tokenizer.ggml.unknown_token_id", model == "t5" ? 2 : 0)
    file.add(pair: "tokenizer.ggml.\(model == "bert" ? "seperator" : "eos")_token_id", 2)
    file.add(tensor: "x")
    file.pad(data: 16)
    let scratch = ScratchDirectory()
    var checkpoint = try GGUFFormat().read(try scratch.write("a.gguf", file.bytes))
    let before = try #require(try checkpoint.ggufVocabulary())
    #expect(before.tokens == texts)
    let json = try JSONValue(
      parsing: try #require(checkpoint.companions["tokenizer.json"]).bytes())
    #expect(
      json["model"]?["type"] == ["llama": "BPE", "bert": "WordPiece", "t5": "Unigram"][model])
    if model == "llama" {
      // The best token first, and of its parts only those that are tokens
      #expect(json["model"]?["merges"] == ["a b", "▁ ab"])
    }
    if model == "bert" { #expect(json["model"]?["vocab"]?["##b"] == 4) }
    checkpoint.native = nil
    _ = try GGUFFormat().write(checkpoint, to: scratch.file("b.gguf"))
    let after = try #require(try GGUFFormat().read(scratch.file("b.gguf")).ggufVocabulary())
    #expect(after.model == model)
    #expect(after.tokens == texts)
    #expect(after.special["unknown"] == before.special["unknown"])
    if model == "t5" { #expect(after.scores == before.scores) }
    if model == "llama" { #expect(after.scores[7] > after.scores[8]) }
  }
}

@Suite struct GGUFConfigurations {
  @Test func saysWhatTransformersWouldSay() throws {
    let config = try GGUFFormat().read(Fixtures.path("gguf/llama.gguf")).sidecars["config.json"]
    let expected: [String: JSONValue] = [
      "model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
      "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
      "max_position_embeddings": 128, "rope_theta": 50000.0, "rms_norm_eps": 1e-05,
      "tie_word_embeddings": true, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
      "attention_bias": false, "architectures": ["LlamaForCausalLM"],
    ]
    for (key, value) in expected { #expect(config?[key] == value, "\(key)") }
  }

  /// Each architecture's `config.json`, with every hyperparameter of it, comes back through a file.
  @Test(arguments: [
    #"{"model_type":"gemma2","head_dim":256,"hidden_size":2304,"num_attention_heads":8,"num_key_value_heads":4,"rms_norm_eps":1e-06,"sliding_window":4096,"attn_logit_softcapping":50.0,"final_logit_softcapping":30.0,"num_hidden_layers":26,"vocab_size":256000}"#,
    #"{"model_type":"gpt2","n_positions":1024,"n_embd":768,"n_layer":12,"n_head":12,"n_inner":3072,"layer_norm_epsilon":1e-05}"#,
    #"{"model_type":"bert","max_position_embeddings":512,"hidden_size":384,"num_hidden_layers":6,"intermediate_size":1536,"num_attention_heads":12,"layer_norm_eps":1e-12}"#,
    #"{"model_type":"llama","hidden_size":64,"num_attention_heads":4,"num_key_value_heads":4,"rms_norm_eps":1e-05,"head_dim":16,"rope_theta":500000.0,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192}}"#,
    #"{"model_type":"qwen3","hidden_size":64,"num_attention_heads":4,"num_key_value_heads":2,"rms_norm_eps":1e-06,"head_dim":32,"rope_theta":1000000.0,"rope_scaling":{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32768}}"#,
  ]) func comesBackThroughAFile(_ text: String) throws {
    let scratch = ScratchDirectory()
    let config = try JSONValue(parsing: text)
    let entry = TensorEntry(name: "token_embd.weight", Tensor(shape: [1, 2], [1, 2] as [Float]))
    var checkpoint = Checkpoint(format: "test", tensors: [entry])
    checkpoint.sidecars["config.json"] = config
    _ = try GGUFFormat().write(checkpoint, to: scratch.file("a"))
    let read = try GGUFFormat().read(scratch.file("a"))
    for (key, value) in config.object ?? [:] {
      #expect(read.sidecars["config.json"]?[key] == value, "\(key)")
    }
    let hasFactors = read.tensors.contains { $0.name == "rope_freqs.weight" }
    #expect(hasFactors == text.contains("llama3"))
    #expect(read.normalised.map(\.entry.name) == ["token_embd.weight"])
  }
}
