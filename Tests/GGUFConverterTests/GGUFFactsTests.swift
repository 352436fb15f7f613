import BinaryIO
import Formats
import GGUFConverter
import JSON
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// A checkpoint under llama.cpp's names, with a configuration beside it.
private func checkpoint(_ config: String, _ more: [TensorEntry] = []) throws -> Checkpoint {
  let table = TensorEntry(
    name: "token_embd.weight", Tensor(shape: [2, 2], [1, 2, 3, 4] as [Float]))
  var checkpoint = Checkpoint(format: "test", tensors: [table] + more)
  checkpoint.sidecars["config.json"] = try JSONValue(parsing: config)
  return checkpoint
}

/// The same checkpoint, written and read.
private func through(_ checkpoint: Checkpoint) throws -> Checkpoint {
  let scratch = ScratchDirectory()
  _ = try GGUFFormat().write(checkpoint, to: scratch.file("a.gguf"))
  var back = try GGUFFormat().read(scratch.file("a.gguf"))
  back.normalised = try back.normalised.map { one in
    var one = one
    one.entry = TensorEntry(name: one.entry.name, try one.entry.load().copied())
    return one
  }
  return back
}

extension Tensor {
  /// The same in memory of its own, which no file that goes away lies behind.
  fileprivate func copied() throws -> Tensor {
    try Tensor(
      viewing: TensorStorage(contiguousBytes.copied()), dataType: dataType, shape: shape)
  }
}

@Suite struct GGUFImpliedFacts {
  @Test(arguments: [
    (
      #"{"model_type":"mistral","sliding_window":64,"max_position_embeddings":128}"#,
      "sliding_window"
    ),
    (
      #"{"model_type":"qwen2","sliding_window":64,"use_sliding_window":true,"max_position_embeddings":128}"#,
      "sliding_window"
    ),
    (
      #"{"model_type":"gemma2","head_dim":12,"query_pre_attn_scalar":20,"num_hidden_layers":2}"#,
      "query_pre_attn_scalar"
    ),
    (#"{"model_type":"gemma2","attn_logit_softcapping":null}"#, "attn_logit_softcapping"),
    (#"{"model_type":"gemma3_text","attn_logit_softcapping":3.0}"#, "attn_logit_softcapping"),
    (
      #"{"model_type":"t5","relative_attention_max_distance":12}"#,
      "relative_attention_max_distance"
    ),
    (#"{"model_type":"t5","feed_forward_proj":"silu"}"#, "feed_forward_proj"),
    (#"{"model_type":"llama","hidden_act":"relu"}"#, "hidden_act"),
    (
      #"{"model_type":"qwen3","rope_scaling":{"rope_type":"llama3","factor":8.0}}"#, "rope_type"
    ),
    (#"{"model_type":"llama","rope_scaling":{"rope_type":"longrope"}}"#, "rope_type"),
    (#"{"model_type":"modernbert","norm_bias":true}"#, "norm_bias"),
    (#"{"model_type":"bert","hidden_act":"relu"}"#, "hidden_act"),
  ]) func refusesWhatLlamaHasNoKeyFor(_ config: String, _ key: String) throws {
    let error = try #require(GGUFFormat().obstacle(to: try checkpoint(config)))
    #expect(error.code == .unsupported)
    #expect(error.found.contains("'\(key)'"), "\(error.found)")
    #expect(error.expected != nil)
    #expect(error.remedy?.contains("another format") == true)
    // Under names of its own the file is a container, and holds anything
    var container = try checkpoint(config)
    container.normalised[0].entry.name = "embeddings"
    #expect(GGUFFormat().obstacle(to: container) == nil)
    #expect(GGUFFormat().remarks(on: container).count == 1)
  }

  @Test(arguments: [
    #"{"model_type":"mistral","sliding_window":4096,"max_position_embeddings":32768}"#,
    #"{"model_type":"mistral","sliding_window":null,"max_position_embeddings":128}"#,
    #"{"model_type":"qwen2","sliding_window":64,"use_sliding_window":false}"#,
    #"{"model_type":"gemma2","head_dim":12,"query_pre_attn_scalar":12,"sliding_window":4}"#,
    #"{"model_type":"gemma2","hidden_size":4608,"num_attention_heads":32,"head_dim":128,"num_hidden_layers":46,"query_pre_attn_scalar":144}"#,
    #"{"model_type":"t5","relative_attention_max_distance":128,"feed_forward_proj":"gated-gelu"}"#,
    #"{"model_type":"llama","rope_scaling":{"rope_type":"llama3","factor":8.0}}"#,
    #"{"model_type":"bert","hidden_act":"gelu"}"#,
  ]) func takesWhatPublishedModelsHave(_ config: String) throws {
    #expect(GGUFFormat().obstacle(to: try checkpoint(config)) == nil)
  }

  @Test func saysThatLongTextsAreSeenWhole() throws {
    let config = #"{"model_type":"mistral","sliding_window":4096,"max_position_embeddings":32768}"#
    let remarks = GGUFFormat().remarks(on: try checkpoint(config))
    #expect(remarks.contains { $0.contains("no window of 4096 tokens") })
    #expect(remarks.contains { $0.contains("no tokenizer beside the weights") })
  }
}

@Suite struct GGUFEncoders {
  private let classifier = TensorEntry(
    name: "cls.output.weight", Tensor(shape: [2, 2], [1, 0, 0, 1] as [Float]))
  private let types = TensorEntry(
    name: "token_types.weight", Tensor(shape: [1, 2], [0, 0] as [Float]))

  @Test(arguments: [
    #"{"model_type":"roberta","architectures":["RobertaModel"],"max_position_embeddings":40,"hidden_size":2,"num_hidden_layers":1,"intermediate_size":4,"num_attention_heads":1,"layer_norm_eps":1e-05,"pad_token_id":1,"type_vocab_size":1,"vocab_size":2}"#,
    #"{"model_type":"xlm-roberta","max_position_embeddings":514,"hidden_size":2,"num_hidden_layers":1,"intermediate_size":4,"num_attention_heads":1,"layer_norm_eps":1e-05,"pad_token_id":1,"type_vocab_size":1}"#,
    #"{"model_type":"bert","hidden_act":"gelu_new","max_position_embeddings":512,"type_vocab_size":1,"hidden_size":2}"#,
  ]) func keysComeBack(_ text: String) throws {
    let back = try through(try checkpoint(text, [types]))
    let config = try #require(back.sidecars["config.json"])
    for (key, value) in try JSONValue(parsing: text).object ?? [:] {
      #expect(config[key] == value, "\(key)")
    }
    let places = text.contains("roberta") ? 2 : 0
    #expect(
      back.gguf?["bert.context_length"]?.integer
        == config["max_position_embeddings"]?.integer.map { $0 - places })
    #expect(back.gguf?["tokenizer.ggml.token_type_count"]?.integer == 1)
  }

  @Test func distilBERTIsBERTWithoutTypes() throws {
    let text =
      #"{"model_type":"distilbert","dim":2,"n_layers":1,"n_heads":1,"hidden_dim":4,"activation":"gelu","max_position_embeddings":16}"#
    let back = try through(try checkpoint(text))
    #expect(back.gguf?["general.architecture"]?.string == "bert")
    #expect(back.gguf?["bert.embedding_length"]?.integer == 2)
    #expect(back.gguf?["bert.attention.layer_norm_epsilon"]?.double == 1e-12)
    for (key, value) in try JSONValue(parsing: text).object ?? [:] {
      #expect(back.sidecars["config.json"]?[key] == value, "\(key)")
    }
    #expect(back.sidecars["config.json"]?["hidden_size"] == nil)
  }

  @Test func modernBERTSaysItsWindows() throws {
    let text =
      #"{"model_type":"modernbert","hidden_size":2,"num_hidden_layers":4,"num_attention_heads":1,"intermediate_size":4,"norm_eps":1e-05,"local_attention":8,"layer_types":["full_attention","sliding_attention","full_attention","sliding_attention"],"rope_parameters":{"full_attention":{"rope_theta":160000.0,"rope_type":"default"},"sliding_attention":{"rope_theta":20000.0,"rope_type":"default"}},"hidden_activation":"silu","classifier_pooling":"cls"}"#
    let back = try through(try checkpoint(text, [classifier]))
    let keys = try #require(back.gguf)
    #expect(keys["general.architecture"]?.string == "modern-bert")
    #expect(
      try keys["modern-bert.attention.sliding_window_pattern"]?.truths()
        == [false, true, false, true])
    #expect(keys["modern-bert.rope.freq_base_swa"]?.double == 20_000)
    #expect(keys["modern-bert.classifier.pooling_type"]?.integer == 2)
    #expect(keys["modern-bert.pooling_type"]?.integer == 4)
    #expect(
      try keys["modern-bert.classifier.output_labels"]?.strings() == ["LABEL_0", "LABEL_1"])
    let config = try #require(back.sidecars["config.json"])
    for (key, value) in try JSONValue(parsing: text).object ?? [:] {
      #expect(config[key] == value, "\(key)")
    }
    #expect(config["architectures"] == ["ModernBertForSequenceClassification"])
  }

  @Test func t5HasTheKeysThatLlamaWants() throws {
    let text =
      #"{"model_type":"t5","d_model":2,"d_kv":8,"d_ff":4,"num_layers":1,"num_heads":2,"layer_norm_epsilon":1e-06,"relative_attention_num_buckets":8,"decoder_start_token_id":0}"#
    let keys = try #require(try through(try checkpoint(text)).gguf)
    #expect(keys["t5.attention.layer_norm_rms_epsilon"]?.double == 1e-6)
    #expect(keys["t5.attention.value_length"]?.integer == 8)
  }

  @Test func poolingTravelsAsTheFilesOfSentenceTransformers() throws {
    var source = try checkpoint(#"{"model_type":"bert","hidden_size":2}"#, [types])
    source.companions["modules.json"] = Companion(
      Bytes(Array(#"[{"type":"sentence_transformers.models.Pooling","path":"1_Pooling"}]"#.utf8)))
    source.companions["1_Pooling/config.json"] = Companion(
      Bytes(Array(#"{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false}"#.utf8)))
    let back = try through(source)
    #expect(back.gguf?["bert.pooling_type"]?.integer == 2)
    let file = try #require(back.companions["1_Pooling/config.json"])
    let config = try JSONValue(parsing: try file.bytes())
    #expect(config["pooling_mode_cls_token"] == true)
    #expect(config["pooling_mode_mean_tokens"] == false)
    #expect(back.companions["modules.json"] != nil)
  }
}

@Suite struct GGUFKeptMetadata {
  @Test func whoMadeItSurvivesADirectory() throws {
    var file = CraftedFile(tensors: 1, pairs: 6)
    func add(text: String, _ key: String) {
      file.add(key)
      file.add(UInt32(8))
      file.add(text)
    }
    add(text: "llama", "general.architecture")
    add(text: "größe", "general.author")
    add(text: "mit", "general.license")
    file.add("general.tags")
    file.add(UInt32(9))
    file.add(UInt32(8))
    file.add(UInt64(2))
    for tag in ["a", "重み"] { file.add(tag) }
    file.add("general.sampling.temp")
    file.add(UInt32(6))
    file.add(Float(0.7).bitPattern)
    file.add("llama.expert_weights_scale")
    file.add(UInt32(6))
    file.add(Float(0.1).bitPattern)
    file.add(tensor: "token_embd.weight", [2, 2])
    file.pad(data: 16)
    let scratch = ScratchDirectory()
    let before = try GGUFFormat().read(try scratch.write("a.gguf", file.bytes))
    #expect(before.sidecars["generation_config.json"]?["temperature"] == 0.7)
    #expect(before.sidecars["generation_config.json"]?["do_sample"] == true)
    var directory = before
    // As after a directory: what only this format knows is gone, the files beside the weights are there
    directory.native = nil
    directory.metadata = [:]
    let after = try #require(try through(directory).gguf)
    let theirs = try #require(before.gguf)
    for (key, value) in theirs.values {
      #expect(after[key]?.json == value.json, "\(key)")
      #expect(after[key]?.type == value.type, "\(key)")
    }
    #expect(after["menagerie.description"] == nil)
  }

  /// Strangers write descriptions, too.
  @Test(arguments: [
    #"{"gguf":{"general.name":{"type":"array","of":"array","value":[]}}}"#,
    #"{"gguf":{"general.name":{"type":"uint8","value":300}}}"#,
    #"{"gguf":{"general.name":7,"":{"type":"string","value":"x"},"general.alignment":{"type":"uint32","value":1}}}"#,
    #"{"gguf":[],"config":[]}"#,
    #"{"gguf":{"tokenizer.ggml.eot_token_id":{"type":"uint32","value":9}}}"#,
    #"{"config":{"num_hidden_layers":-1,"layer_types":7,"sliding_window_pattern":-3,"rope_scaling":{"rope_type":"yarn","factor":0,"attention_factor":1}}}"#,
  ]) func nonsenseIsLeftAlone(_ description: String) throws {
    var source = try checkpoint(#"{"model_type":"gemma3_text","num_hidden_layers":3,"head_dim":8}"#)
    source.sidecars["menagerie.json"] = try JSONValue(parsing: description)
    let back = try through(source)
    for key in ["general.name", "", "general.alignment", "tokenizer.ggml.eot_token_id"] {
      #expect(back.gguf?[key] == nil, "\(key)")
    }
  }

  /// Keys of every type where another is wanted, and numbers that no model has.
  @Test func survivesKeysOfOtherTypes() throws {
    let scratch = ScratchDirectory()
    var dice = Dice(seed: 11)
    let keys = [
      "context_length", "block_count", "attention.sliding_window_pattern", "pooling_type",
      "classifier.output_labels", "classifier.pooling_type", "hidden_activation",
      "rope.scaling.type", "rope.scaling.factor", "rope.scaling.attn_factor", "embedding_length",
    ]
    for round in 0..<400 {
      let architecture = ["bert", "modern-bert", "gemma3", "t5", "llama"][round % 5]
      var file = CraftedFile(tensors: 2, pairs: UInt64(keys.count) + 2)
      file.add("general.architecture")
      file.add(UInt32(8))
      file.add(architecture)
      for key in keys + ["tokenizer.ggml.padding_token_id"] {
        file.add(key.hasPrefix("tokenizer") ? key : "\(architecture).\(key)")
        switch dice.roll(5) {
        case 0:
          file.add(UInt32(8))
          file.add(["yarn", "", "gelu"][dice.roll(3)])
        case 1:
          file.add(UInt32(11))
          file.add([Int64.min, -1, 0, 1 << 40, .max][dice.roll(5)])
        case 2:
          file.add(UInt32(6))
          file.add([Float.nan, -1, 0, .infinity, 3e38][dice.roll(5)].bitPattern)
        case 3:
          file.add(UInt32(9))
          file.add(UInt32(7))
          file.add(UInt64(2))
          file.bytes += [0, 1]
        default:
          file.add(UInt32(4))
          file.add([UInt32.max, 0, 3][dice.roll(3)])
        }
      }
      file.add(tensor: "token_embd.weight", [2, 2])
      file.add(tensor: "cls.output.weight", [2, 2], at: 32)
      file.pad(data: 64)
      var read = try GGUFFormat().read(try scratch.write("a.gguf", file.bytes))
      read.native = nil
      _ = GGUFFormat().obstacle(to: read)
      _ = try? GGUFFormat().write(read, to: scratch.file("b.gguf"))
    }
  }
}
