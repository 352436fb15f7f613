import BinaryIO
import Execution
import Formats
import ModelGraph
import Synchronization
import Tensors
import Zoo

/// A model that tells the next token, with what it keeps of the tokens before.
package protocol StepModel: Sendable {
  /// How many logits there are for a token.
  var vocabulary: Int { get }
  /// The most tokens that it was made for.
  var contextLength: Int { get }
  /// The token that a text begins with where an encoder reads the prompt; nil where the text goes on from the prompt.
  var firstToken: Int? { get }
  /// An empty past of `batch` sequences with room for so many tokens each.
  func makePast(batch: Int, capacity: Int) throws -> any ModelPast
}

extension StepModel {
  package var firstToken: Int? { nil }

  /// The tokens before the first one that is written.
  func opening(_ prompt: [Int]) -> [Int] { firstToken.map { [$0] } ?? prompt }
}

/// What a model keeps of the tokens that it has read.
package protocol ModelPast: Sendable {
  /// Lets an encoder read the prompts, where there is one.
  func listen(to prompts: [[Int]]) throws

  /// Makes room for so many tokens of each sequence.
  func reserve(_ positions: Int) throws

  /// Reads tokens and tells what it thinks of the next ones.
  ///
  /// - Parameters:
  ///   - ids: rows of the same length; what lies behind the place `last` is filler.
  ///   - starts: how many tokens of each row were read before; later ones are forgotten.
  ///   - last: the place in each row whose successor is wanted.
  /// - Returns: the logits of each row, one after the other.
  func read(_ ids: [[Int]], starts: [Int], last: [Int]) throws -> [Float]
}

extension ModelPast {
  package func listen(to prompts: [[Int]]) throws {}
}

/// A decoder of the zoo: its step graph, run on a state that is updated in place; perhaps with an encoder before it.
struct DecoderStepModel: StepModel {
  let vocabulary: Int
  let contextLength: Int
  let firstToken: Int?
  let session: Session
  /// Reads prompts, where something does besides the steps.
  private let reader: Session?

  /// - Throws: `.unsupported` for a model that does not write text.
  init(_ model: Model, options: SessionOptions) throws {
    guard let zooModel = model.zooModel,
      let configuration = zooModel.configuration as? any GenerativeConfiguration
    else { throw DecoderStepModel.refusal(model) }
    let table = WeightTable(zooModel.weights)
    contextLength = configuration.cache.contextLength
    let pairs = (0..<configuration.cache.layers).flatMap { layer in
      ["key", "value"].map { (input: "past.\(layer).\($0)", output: "present.\(layer).\($0)") }
    }
    let encoderDecoder = configuration as? any EncoderDecoderConfiguration
    firstToken = encoderDecoder?.firstToken
    (session, reader) = try namingFile(model.path) {
      let step = try Session(
        graph: try configuration.buildStep().graph, weights: { try table.tensor($0) },
        options: options, state: pairs)
      let reader = try encoderDecoder.map {
        try Session(
          graph: $0.buildReader().graph, weights: { try table.tensor($0) }, options: options)
      }
      return (step, reader)
    }
    guard let logits = session.outputs.first(where: { $0.name == "logits" }),
      let count = logits.type.dimensions?.last?.value
    else { throw DecoderStepModel.refusal(model) }
    vocabulary = count
  }

  private static func refusal(_ model: Model) -> DataError {
    if let recognition = model.recognition {
      return DataError(
        .unsupported, "is \(recognition.configuration.variant), which writes no text",
        expected: "a decoder such as Llama, Qwen, Gemma or GPT-2, or a T5", path: model.path,
        remedy: "see 'menagerie run'")
    }
    if model.checkpoint.graph == nil {
      // Why there is no graph is why there are no steps: a contradiction, or what is not quite a known model
      do { _ = try model.graph() } catch let error as DataError { return error } catch {}
    }
    return DataError(
      .unsupported, "brings a graph of its own, which keeps no memory of earlier tokens",
      expected: "a checkpoint of a decoder such as Llama, Qwen, Gemma or GPT-2, or of a T5",
      path: model.path,
      remedy: "see 'menagerie zoo list'")
  }

  func makePast(batch: Int, capacity: Int) throws -> any ModelPast {
    try makeDecoderPast(batch: batch, capacity: capacity)
  }

  func makeDecoderPast(batch: Int, capacity: Int) throws -> DecoderPast {
    DecoderPast(
      session: session, reader: reader,
      state: try session.makeState(batch: batch, capacity: capacity))
  }
}

final class DecoderPast: ModelPast {
  let session: Session
  let reader: Session?
  let state: SessionState
  /// What the encoder made of the prompts: inputs of each step.
  private let memory = Mutex<[String: Tensor]>([:])

  init(session: Session, reader: Session?, state: SessionState) {
    self.session = session
    self.reader = reader
    self.state = state
  }

  func reserve(_ positions: Int) throws { try state.reserve(positions) }

  func listen(to prompts: [[Int]]) throws {
    guard let reader else { return }
    let longest = prompts.map(\.count).max() ?? 0
    func padded(_ value: (Int) -> Int) -> Tensor {
      let rows = prompts.flatMap { prompt in
        prompt.map { Int64(value($0)) }
          + [Int64](repeating: 0, count: longest - prompt.count)
      }
      return Tensor(shape: [prompts.count, longest], rows)
    }
    let mask = padded { _ in 1 }
    let known = try reader.run(["input_ids": padded { $0 }, "attention_mask": mask])
    memory.withLock { memory in
      memory = ["attention_mask": mask]
      for (name, tensor) in known { memory[name] = tensor }
    }
  }

  /// What the step graph takes.
  func inputs(_ ids: [[Int]], starts: [Int], last: [Int]) -> [String: Tensor] {
    func tensor(_ values: [Int], _ shape: Shape) -> Tensor {
      Tensor(shape: shape, values.map { Int64($0) })
    }
    var inputs = memory.withLock { $0 }
    inputs["input_ids"] = tensor(ids.flatMap { $0 }, [ids.count, ids.first?.count ?? 0])
    inputs["starts"] = tensor(starts, [starts.count])
    inputs["last"] = tensor(last, [last.count])
    return inputs
  }

  func read(_ ids: [[Int]], starts: [Int], last: [Int]) throws -> [Float] {
    let outputs = try session.run(inputs(ids, starts: starts, last: last), state: state)
    guard let logits = outputs["logits"] else {
      throw DataError(.malformed, "the step graph gives no logits")
    }
    return logits.floats
  }
}
