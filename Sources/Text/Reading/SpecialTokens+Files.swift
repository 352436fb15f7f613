import BinaryIO
import JSON

/// The names of tokens with a role, as `tokenizer_config.json` and `special_tokens_map.json` give them.
struct SpecialNames: Sendable {
  /// By the files' keys: `bos_token`, `pad_token` …
  var names: [String: String] = [:]

  static let keys = [
    "bos_token", "eos_token", "pad_token", "unk_token", "mask_token", "cls_token", "sep_token",
  ]

  init() {}

  /// What the first of the documents that names a role says.
  init(_ documents: [JSONValue]) {
    for document in documents {
      for key in SpecialNames.keys where names[key] == nil {
        names[key] = document[key]?.string ?? document[key]?["content"]?.string
      }
    }
  }

  /// The ids of the names; a role that no file names is the usual special token of that role, if there is one.
  func resolved(_ lexicon: Lexicon) -> SpecialTokens {
    let usual: [String: [String]] = [
      "bos_token": ["<s>", "<bos>", "<|begin_of_text|>", "<|startoftext|>"],
      "eos_token": ["</s>", "<eos>", "<|end_of_text|>", "<|endoftext|>"],
      "pad_token": ["[PAD]", "<pad>"], "unk_token": ["[UNK]", "<unk>"],
      "mask_token": ["[MASK]", "<mask>"], "cls_token": ["[CLS]"], "sep_token": ["[SEP]"],
    ]
    func id(_ key: String) -> Int? {
      if let name = names[key] { return lexicon.id(name) }
      for name in usual[key] ?? [] {
        if let id = lexicon.addedIDs[name], lexicon.added[id]?.isSpecial == true { return id }
      }
      return nil
    }
    var tokens = SpecialTokens()
    tokens.bos = id("bos_token")
    tokens.eos = id("eos_token")
    tokens.pad = id("pad_token")
    tokens.unknown = id("unk_token")
    tokens.mask = id("mask_token")
    tokens.cls = id("cls_token")
    tokens.sep = id("sep_token")
    return tokens
  }
}
