import BinaryIO
import Execution
import Formats
import ModelGraph
import Tensors
import Zoo

/// A model that tells the next token, with what it keeps of the tokens before.
package protocol StepModel: Sendable {
  /// How many logits there are for a token.
  var vocabulary: Int { get }
  /// The most tokens that it was made for.
  var contextLength: Int { get }
  /// An empty past of `batch` sequences with room for so many tokens each.
  func makePast(batch: Int, capacity: Int) throws -> any ModelPast
}

/// What a model keeps of the tokens that it has read.
package protocol ModelPast: Sendable {
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

/// A decoder of the zoo: its step graph, run on a state that is updated in place.
struct DecoderStepModel: StepModel {
  let vocabulary: Int
  let contextLength: Int
  private let session: Session

  /// - Throws: `.unsupported` for a model that does not write text.
  init(_ model: Model, options: SessionOptions) throws {
    guard let zooModel = model.zooModel,
      let configuration = zooModel.configuration as? any GenerativeConfiguration
    else { throw DecoderStepModel.refusal(model) }
    let graph = try namingFile(model.path) { try configuration.buildStep() }.graph
    let table = WeightTable(zooModel.weights)
    contextLength = configuration.cache.contextLength
    let pairs = (0..<configuration.cache.layers).flatMap { layer in
      ["key", "value"].map { (input: "past.\(layer).\($0)", output: "present.\(layer).\($0)") }
    }
    session = try namingFile(model.path) {
      try Session(
        graph: graph, weights: { try table.tensor($0) }, options: options, state: pairs)
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
        expected: "a decoder such as Llama, Qwen, Gemma or GPT-2", path: model.path,
        remedy: "see 'menagerie run'")
    }
    return DataError(
      .unsupported,
      model.checkpoint.graph == nil
        ? "is not recognised as a model that writes text"
        : "brings a graph of its own, which keeps no memory of earlier tokens",
      expected: "a checkpoint of a decoder such as Llama, Qwen, Gemma or GPT-2", path: model.path,
      remedy: "see 'menagerie zoo list'")
  }

  func makePast(batch: Int, capacity: Int) throws -> any ModelPast {
    DecoderPast(
      session: session, state: try session.makeState(batch: batch, capacity: capacity))
  }
}

private struct DecoderPast: ModelPast {
  let session: Session
  let state: SessionState

  func reserve(_ positions: Int) throws { try state.reserve(positions) }

  func read(_ ids: [[Int]], starts: [Int], last: [Int]) throws -> [Float] {
    func tensor(_ values: [Int], _ shape: Shape) -> Tensor {
      Tensor(shape: shape, values.map { Int64($0) })
    }
    let outputs = try session.run(
      [
        "input_ids": tensor(ids.flatMap { $0 }, [ids.count, ids.first?.count ?? 0]),
        "starts": tensor(starts, [starts.count]), "last": tensor(last, [last.count]),
      ], state: state)
    guard let logits = outputs["logits"] else {
      throw DataError(.malformed, "the step graph gives no logits")
    }
    return logits.floats
  }
}
