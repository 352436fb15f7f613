extension Decoder {
  /// The members that people download.
  ///
  /// - Source: the `config.json` of each on the Hugging Face Hub.
  static let named: [(String, DecoderConfiguration)] = llamas + mistrals + qwens + gemmas

  private static let llamas: [(String, DecoderConfiguration)] = {
    func llama(
      _ vocabulary: Int, _ hidden: Int, _ inner: Int, _ layers: Int, _ heads: Int, _ shared: Int,
      context: Int, theta: Double = 1e4, scaling: Rotary.Scaling = .none, tied: Bool = false
    ) -> DecoderConfiguration {
      var made = DecoderConfiguration(
        .llama, vocabulary: vocabulary, hiddenSize: hidden, intermediateSize: inner,
        layers: layers, queryHeads: heads, keyValueHeads: shared, contextLength: context,
        rotary: Rotary(theta: theta, scaling: scaling), isTied: tied)
      made.epsilon = 1e-5
      return made
    }
    func long(_ factor: Double) -> Rotary.Scaling {
      .llama3(factor: factor, low: 1, high: 4, original: 8192)
    }
    return [
      (
        "SmolLM2-135M",
        llama(49152, 576, 1536, 30, 9, 3, context: 8192, theta: 1e5, tied: true)
      ),
      (
        "SmolLM2-360M",
        llama(49152, 960, 2560, 32, 15, 5, context: 8192, theta: 1e5, tied: true)
      ),
      (
        "SmolLM2-1.7B",
        llama(49152, 2048, 8192, 24, 32, 32, context: 8192, theta: 130_000, tied: true)
      ),
      ("TinyLlama-1.1B", llama(32000, 2048, 5632, 22, 32, 4, context: 2048)),
      ("Llama-2-7B", llama(32000, 4096, 11008, 32, 32, 32, context: 4096)),
      ("Llama-2-13B", llama(32000, 5120, 13824, 40, 40, 40, context: 4096)),
      ("Llama-2-70B", llama(32000, 8192, 28672, 80, 64, 8, context: 4096)),
      (
        "Llama-3.1-8B",
        llama(128256, 4096, 14336, 32, 32, 8, context: 131072, theta: 5e5, scaling: long(8))
      ),
      ("Llama-3-8B", llama(128256, 4096, 14336, 32, 32, 8, context: 8192, theta: 5e5)),
      (
        "Llama-3.1-70B",
        llama(128256, 8192, 28672, 80, 64, 8, context: 131072, theta: 5e5, scaling: long(8))
      ),
      (
        "Llama-3.2-1B",
        llama(
          128256, 2048, 8192, 16, 32, 8, context: 131072, theta: 5e5, scaling: long(32), tied: true)
      ),
      (
        "Llama-3.2-3B",
        llama(
          128256, 3072, 8192, 28, 24, 8, context: 131072, theta: 5e5, scaling: long(32), tied: true)
      ),
    ]
  }()

  private static let mistrals: [(String, DecoderConfiguration)] = {
    func mistral(
      _ vocabulary: Int, theta: Double, window: Int?
    ) -> DecoderConfiguration {
      var made = DecoderConfiguration(
        .mistral, vocabulary: vocabulary, hiddenSize: 4096, intermediateSize: 14336, layers: 32,
        queryHeads: 32, keyValueHeads: 8, contextLength: 32768, rotary: Rotary(theta: theta))
      made.epsilon = 1e-5
      return made.windowed(window) { _ in true }
    }
    return [
      ("Mistral-7B-v0.1", mistral(32000, theta: 1e4, window: 4096)),
      ("Mistral-7B-v0.2", mistral(32000, theta: 1e6, window: nil)),
      ("Mistral-7B-v0.3", mistral(32768, theta: 1e6, window: nil)),
    ]
  }()

  private static let qwens: [(String, DecoderConfiguration)] = {
    func qwen(
      _ kind: DecoderConfiguration.Kind, _ vocabulary: Int, _ hidden: Int, _ inner: Int,
      _ layers: Int, _ heads: Int, _ shared: Int, context: Int, tied: Bool = false
    ) -> DecoderConfiguration {
      DecoderConfiguration(
        kind, vocabulary: vocabulary, hiddenSize: hidden, intermediateSize: inner, layers: layers,
        queryHeads: heads, keyValueHeads: shared, headDimension: kind == .qwen3 ? 128 : nil,
        contextLength: context, rotary: Rotary(theta: 1e6), isTied: tied)
    }
    return [
      ("Qwen2.5-0.5B", qwen(.qwen2, 151936, 896, 4864, 24, 14, 2, context: 32768, tied: true)),
      ("Qwen2.5-1.5B", qwen(.qwen2, 151936, 1536, 8960, 28, 12, 2, context: 131072, tied: true)),
      ("Qwen2.5-3B", qwen(.qwen2, 151936, 2048, 11008, 36, 16, 2, context: 32768, tied: true)),
      ("Qwen2.5-7B", qwen(.qwen2, 152064, 3584, 18944, 28, 28, 4, context: 131072)),
      ("Qwen2.5-14B", qwen(.qwen2, 152064, 5120, 13824, 48, 40, 8, context: 131072)),
      ("Qwen3-0.6B", qwen(.qwen3, 151936, 1024, 3072, 28, 16, 8, context: 40960, tied: true)),
      ("Qwen3-1.7B", qwen(.qwen3, 151936, 2048, 6144, 28, 16, 8, context: 40960, tied: true)),
      ("Qwen3-4B", qwen(.qwen3, 151936, 2560, 9728, 36, 32, 8, context: 40960, tied: true)),
      ("Qwen3-8B", qwen(.qwen3, 151936, 4096, 12288, 36, 32, 8, context: 40960)),
      ("Qwen3-14B", qwen(.qwen3, 151936, 5120, 17408, 40, 40, 8, context: 40960)),
    ]
  }()

  private static let gemmas: [(String, DecoderConfiguration)] = {
    func gemma(
      _ kind: DecoderConfiguration.Kind, _ vocabulary: Int, _ hidden: Int, _ inner: Int,
      _ layers: Int, _ heads: Int, _ shared: Int, head: Int = 256, context: Int = 8192,
      window: Int? = nil, factor: Double? = nil
    ) -> DecoderConfiguration {
      let scaling = factor.map { Rotary.Scaling.linear(factor: $0) } ?? .none
      let made = DecoderConfiguration(
        kind, vocabulary: vocabulary, hiddenSize: hidden, intermediateSize: inner, layers: layers,
        queryHeads: heads, keyValueHeads: shared, headDimension: head, contextLength: context,
        rotary: Rotary(theta: kind == .gemma3 ? 1e6 : 1e4, scaling: scaling), isTied: true)
      return made.windowed(window) { kind == .gemma3 ? ($0 + 1) % 6 != 0 : $0 % 2 == 0 }
    }
    var large = gemma(.gemma2, 256000, 4608, 36864, 46, 32, 16, head: 128, window: 4096)
    large.scale = 1 / 144.0.squareRoot()
    return [
      ("Gemma-2B", gemma(.gemma, 256000, 2048, 16384, 18, 8, 1)),
      ("Gemma-7B", gemma(.gemma, 256000, 3072, 24576, 28, 16, 16)),
      ("Gemma-2-2B", gemma(.gemma2, 256000, 2304, 9216, 26, 8, 4, window: 4096)),
      ("Gemma-2-9B", gemma(.gemma2, 256000, 3584, 14336, 42, 16, 8, window: 4096)),
      ("Gemma-2-27B", large),
      (
        "Gemma-3-270M",
        gemma(.gemma3, 262144, 640, 2048, 18, 4, 1, context: 32768, window: 512)
      ),
      (
        "Gemma-3-1B",
        gemma(.gemma3, 262144, 1152, 6912, 26, 4, 1, context: 32768, window: 512)
      ),
      (
        "Gemma-3-4B",
        gemma(
          .gemma3, 262208, 2560, 10240, 34, 8, 4, context: 131072, window: 1024, factor: 8)
      ),
    ]
  }()
}
