import Formats
import JSON
import OrderedCollections

/// A class of KerasHub and what it is made with: what `config.json` of a preset says, and that in a `.keras` file.
struct KerasHubClass: Sendable {
  /// `BertBackbone`.
  var name: String
  /// The Python module below `keras_hub.src.models` that has it: `bert.bert_backbone`.
  var module: String
  var arguments: Sidecars

  init(_ name: String, in module: String, _ arguments: Sidecars) {
    (self.name, self.module, self.arguments) = (name, module, arguments)
  }

  /// Nil for what is no class of KerasHub. Of a model with a head, it is the network under the head.
  init?(_ json: JSONValue?) {
    let inner = json?["config"]?["backbone"]
    let said = inner?["class_name"] == nil ? json : inner
    guard let name = said?["class_name"]?.string, name.hasSuffix("Backbone"),
      let arguments = said?["config"]?.object
    else { return nil }
    // A whole-model .h5 does not say whose the class is
    let place = said?["registered_name"]?.string ?? said?["module"]?.string ?? "keras_hub"
    guard place.hasPrefix("keras_hub") || place.hasPrefix("keras_nlp") else { return nil }
    self.init(name, in: "", arguments)
  }

  subscript(key: String) -> JSONValue? {
    // `nil` alone would be JSON's null
    if let value = arguments[key], value != .null { value } else { Optional.none }
  }

  /// As Keras writes it.
  var description: JSONValue {
    let policy: JSONValue = [
      "module": "keras", "class_name": "DTypePolicy", "config": ["name": "float32"],
      "registered_name": nil,
    ]
    var config: Sidecars = [
      "name": .string(module.split(separator: ".").last.map(String.init) ?? module),
      "trainable": true, "dtype": policy,
    ]
    config.merge(arguments) { _, own in own }
    return [
      "module": .string("keras_hub.src.models.\(module)"), "class_name": .string(name),
      "config": .object(config), "registered_name": .string("keras_hub>\(name)"),
    ]
  }
}

extension Sidecars {
  /// `config.json` in transformers' words, in which the zoo knows models of text; nil where there is none.
  ///
  /// A class of KerasHub that asks for something that is not built here has a type that nobody knows.
  var configurationInTransformersWords: JSONValue? {
    guard let said = self["config.json"] else { return nil }
    guard let theirs = KerasHubClass(said) else { return said }
    return theirs.transformersWords.map { .object($0) }
      ?? ["model_type": .string("keras_hub>\(theirs.name)")]
  }
}

extension KerasHubClass {
  /// The same in the words of transformers' `config.json`; nil for a class that the zoo does not know.
  var transformersWords: Sidecars? {
    switch name {
    case "BertBackbone": encoder(.bert, "bert")
    case "RobertaBackbone": encoder(.roberta, "roberta")
    case "XLMRobertaBackbone": encoder(.roberta, "xlm-roberta")
    case "DistilBertBackbone": encoder(.distilBERT, "distilbert")
    case "AlbertBackbone": encoder(.albert, "albert")
    case "ElectraBackbone": encoder(.electra, "electra")
    case "GPT2Backbone": gpt2
    case "LlamaBackbone", "Llama3Backbone": decoder(.llama)
    case "MistralBackbone": decoder(.mistral)
    case "QwenBackbone": decoder(.qwen2)
    case "Qwen3Backbone": decoder(.qwen3)
    case "GemmaBackbone": gemma
    case "Gemma3Backbone": gemma3
    case "T5Backbone": t5
    default: nil
    }
  }

  /// Arguments under other names; those that are not given are left out.
  func renamed(_ names: [(theirs: String, ours: String)]) -> Sidecars {
    var words: Sidecars = [:]
    for (theirs, ours) in names { if let value = self[theirs] { words[ours] = value } }
    return words
  }
}
