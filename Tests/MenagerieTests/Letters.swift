import BinaryIO
import Menagerie
import TestSupport

/// Tiny models whose tokens are letters, and texts of these.
enum Letters {
  static let letters = (0..<20).map { String(UnicodeScalar(UInt8(97 + $0))) }

  static func write(_ path: String, _ text: String) throws {
    let writer = try AtomicFileWriter(path: path)
    try writer.write(Bytes(Array(text.utf8)))
    try writer.commit()
  }

  /// The model of a fixture as a directory with a tokenizer whose tokens are letters.
  ///
  /// - Parameter filler: what fills texts up, and its id; the tokenizer's own tokens are so many.
  static func model(
    _ name: String, in scratch: ScratchDirectory, filler: (id: Int, text: String)? = nil
  ) throws -> Model {
    let folder = scratch.file(name.split(separator: "/").joined(separator: "-"))
    try System.createDirectory(folder)
    for file in ["config.json", "model.safetensors"] {
      let writer = try AtomicFileWriter(path: "\(folder)/\(file)")
      try writer.write(MappedFile(path: Fixtures.path("\(name)/\(file)")).bytes)
      try writer.commit()
    }
    var words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + letters
    if let filler { words += (words.count..<filler.id).map { "word\($0)" } }
    let vocabulary = words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    let added = (0..<4).map { (id: $0, text: words[$0]) } + (filler.map { [$0] } ?? [])
    let specials = added.map {
      """
      {"id": \($0.id), "content": "\($0.text)", "single_word": false, "lstrip": false, \
      "rstrip": false, "normalized": false, "special": true}
      """
    }.joined(separator: ", ")
    try write(
      "\(folder)/tokenizer.json",
      """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [\(specials)],
       "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null,
       "decoder": null, "model": {"type": "WordLevel", "vocab": {\(vocabulary)}, "unk_token": "[UNK]"}}
      """)
    try write(
      "\(folder)/tokenizer_config.json",
      """
      {"pad_token": "\(filler?.text ?? "[PAD]")", "unk_token": "[UNK]", "eos_token": "[SEP]", "model_max_length": 24,
       "chat_template": "{% for m in messages %}[CLS]{{ m.content }}[SEP]{% endfor %}\
      {% if add_generation_prompt %}[CLS]{% endif %}"}
      """)
    return try Model(contentsOf: folder)
  }

  /// Rows of letters: those of the first half of the alphabet, or of the second.
  static func rows(_ count: Int) -> [(text: String, isSecond: Bool)] {
    (0..<count).map { row in
      let isSecond = row % 2 == 1
      let text = (0..<(3 + row % 5)).map { place in
        letters[(isSecond ? 10 : 0) + (row * 7 + place * 3) % 10]
      }
      return (text.joined(separator: " "), isSecond)
    }
  }

  static func options(_ method: String, epochs: Int, rate: Double) -> FineTuningOptions {
    var options = FineTuningOptions()
    options.method = method
    options.epochs = epochs
    options.batchSize = 8
    options.rate = rate
    options.schedule = "constant"
    // Few steps are to show that it learns
    options.dropout = 0
    options.threads = 1
    return options
  }
}

extension FineTuningOptions {
  func with(_ change: (inout FineTuningOptions) -> Void) -> FineTuningOptions {
    var options = self
    change(&options)
    return options
  }
}
