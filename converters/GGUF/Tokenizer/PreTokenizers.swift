import JSON
import OrderedCollections

/// The ways to cut text before byte-level BPE, as llama.cpp names them and `tokenizer.json` describes them.
///
/// - Source: the `tokenizer.json` of GPT-2, Llama 3, Qwen 2.5 and SmolLM2; llama.cpp's list of `tokenizer.ggml.pre`.
enum PreTokenizers {
  /// The description of what llama.cpp calls `name`; nil for one that is not known here.
  static func description(_ name: String?, addsSpace: Bool = false) -> JSONValue? {
    switch name {
    case nil, "default", "gpt-2", "gpt2", "jina-v2-en", "jina-es", "jina-de", "roberta-bpe",
      "modern-bert", "phi-2":
      byteLevel(cuts: true, addsSpace: addsSpace)
    case "smollm", "starcoder", "refact", "command-r", "codeshell":
      sequence([["type": "Digits", "individual_digits": true], byteLevel(cuts: true)])
    case "llama-bpe", "llama3", "llama-v3", "smaug-bpe":
      sequence([split(numbers: "\\p{N}{1,3}"), byteLevel(cuts: false)])
    case "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez":
      sequence([split(numbers: "\\p{N}"), byteLevel(cuts: false)])
    default: nil
    }
  }

  /// llama.cpp's name of what a `tokenizer.json` describes; nil when it is none of these.
  static func name(_ description: JSONValue?) -> String? {
    guard let description else { return nil }
    let parts = description["pretokenizers"]?.array ?? [description]
    guard parts.last?["type"] == "ByteLevel" else { return nil }
    if parts.count == 1 { return "gpt-2" }
    guard parts.count == 2 else { return nil }
    if parts[0]["type"] == "Digits" {
      return parts[0]["individual_digits"] == true ? "smollm" : nil
    }
    guard let expression = parts[0]["pattern"]?["Regex"]?.string else { return nil }
    return ["llama-bpe": "\\p{N}{1,3}", "qwen2": "\\p{N}"].first {
      self.expression(numbers: $0.value) == expression
    }?.key
  }

  private static func sequence(_ parts: [JSONValue]) -> JSONValue {
    ["type": "Sequence", "pretokenizers": .array(parts)]
  }

  private static func byteLevel(cuts: Bool, addsSpace: Bool = false) -> JSONValue {
    [
      "type": "ByteLevel", "add_prefix_space": .bool(addsSpace), "trim_offsets": true,
      "use_regex": .bool(cuts),
    ]
  }

  private static func split(numbers: String) -> JSONValue {
    [
      "type": "Split", "pattern": ["Regex": .string(expression(numbers: numbers))],
      "behavior": "Isolated", "invert": false,
    ]
  }

  private static func expression(numbers: String) -> String {
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\(numbers)"
      + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
  }
}
