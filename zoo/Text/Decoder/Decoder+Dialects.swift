import Formats
import JSON

extension DecoderConfiguration: TransformersConfiguration {
  public var family: String {
    switch kind {
    case .llama: "Llama"
    case .mistral: "Mistral"
    case .qwen2: "Qwen2"
    case .qwen3: "Qwen3"
    case .gemma: "Gemma"
    case .gemma2: "Gemma 2"
    case .gemma3: "Gemma 3"
    }
  }

  /// The authors' name, or the sizes where they are unusual.
  public var variant: String {
    for (name, other) in Decoder.named where hasSizes(of: other) {
      // Several generations have the same sizes, and tell themselves apart by their angles
      let others = Decoder.named.filter { hasSizes(of: $0.1) }
      guard others.count > 1 else { return name }
      return (others.first { $0.1.rotary == rotary && $0.1.window == window } ?? others[0]).0
    }
    return "\(family) (\(layers) layers, \(hiddenSize) wide)"
  }

  private func hasSizes(of other: DecoderConfiguration) -> Bool {
    kind == other.kind && vocabulary == other.vocabulary && hiddenSize == other.hiddenSize
      && intermediateSize == other.intermediateSize && layers == other.layers
      && queryHeads == other.queryHeads && keyValueHeads == other.keyValueHeads
      && headDimension == other.headDimension
  }

  public var task: ModelTask { DecoderHead.task(of: head) }
  public var classes: Int? { DecoderHead.classes(of: head) }
}
