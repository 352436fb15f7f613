import BinaryIO

/// A model that writes text token by token, with a memory of what it has read.
public protocol GenerativeConfiguration: ModelConfiguration {
  /// What it keeps of each token.
  var cache: CacheLayout { get }

  /// The graph of one step of writing.
  ///
  /// Inputs: `input_ids` `[batch, sequence]`; `starts` `[batch]`, how many tokens of each row are in the cache; `last` `[batch]`,
  /// the place in the sequence whose logits are wanted; `past.{i}.key` and `past.{i}.value` of each layer, `[batch,
  /// keyValueHeads, capacity, headDimension]`. Outputs: `logits` `[batch, vocabulary]`, `present.{i}.key`, `present.{i}.value`.
  /// A row may be shorter than the sequence: what comes after its last token is overwritten by the next step.
  func buildStep() throws -> ModelDefinition
}

extension GenerativeConfiguration {
  /// Sizes may come from a file: products of them must not overflow.
  ///
  /// - Throws: `.limitExceeded` where they would, or where they do not fit each other.
  func checkSizes(_ sizes: [Int], layers: Int..., areSound: @autoclosure () -> Bool) throws {
    guard sizes.allSatisfy({ (1...(1 << 28)).contains($0) }),
      layers.allSatisfy({ (1...4096).contains($0) }), areSound()
    else {
      throw DataError(.limitExceeded, "\(family) of the sizes \(sizes) and \(layers) layers")
    }
  }
}

/// A model that reads a prompt with an encoder, once, and writes with a decoder that looks at what came of it.
public protocol EncoderDecoderConfiguration: GenerativeConfiguration {
  /// The token that every text begins with.
  var firstToken: Int { get }

  /// The graph that reads prompts: from `input_ids` and `attention_mask`, `[batch, memory]`, to all that `buildStep()` takes
  /// besides the usual, under the same names: `memory.{i}.key` and `memory.{i}.value`, `[batch, memory, heads · size]`, of each
  /// layer. The step takes the `attention_mask` too.
  func buildReader() throws -> ModelDefinition
}

/// The sizes of a cache of keys and values.
public struct CacheLayout: Sendable, Hashable {
  public var layers: Int
  public var keyValueHeads: Int
  public var headDimension: Int
  /// The most tokens that the model was made for.
  public var contextLength: Int

  public init(layers: Int, keyValueHeads: Int, headDimension: Int, contextLength: Int) {
    self.layers = layers
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
    self.contextLength = contextLength
  }
}
