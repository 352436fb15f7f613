import BinaryIO
import Execution
import Formats
import Zoo

/// Times how a decoder reads a prompt and how it writes, beside the memory's speed on the same threads.
///
/// Writing one sequence reads every weight once for a token: the memory's speed bounds it.
public struct GenerativeBenchmark: Sendable {
  /// Tokens of the prompt of each sequence.
  public let promptTokens: Int
  /// Sequences at a time.
  public let batch: Int
  public var threads: Int { past.session.threads }
  /// Bytes of weights that a step of writing reads.
  public var weightBytes: Int { steps.reduce(0) { $0 + $1.weightBytes } }
  /// What each step of writing one token does, and how long it took once.
  public private(set) var steps: [StepProfile] = []
  /// Seconds of each reading of the prompt.
  public private(set) var prefillSeconds: [Double] = []
  /// Seconds of each token (of all sequences together).
  public private(set) var stepSeconds: [Double] = []
  /// Bytes a second that were read from memory, in turn with the others.
  public private(set) var memoryBandwidths: [Double] = []

  private let past: DecoderPast
  private let vocabulary: Int
  /// Tokens written after a prompt before it is read anew.
  private static let run = 32

  /// Compiles, and runs everything once.
  /// - Throws: `.unsupported` for a model that writes no text.
  public init(
    _ model: Model, promptTokens: Int = 128, batch: Int = 1,
    options: SessionOptions = SessionOptions()
  ) throws {
    let step = try DecoderStepModel(model, options: options)
    vocabulary = step.vocabulary
    self.batch = max(1, batch)
    let room = max(1, step.contextLength - GenerativeBenchmark.run)
    self.promptTokens = min(max(1, promptTokens), room)
    past = try step.makeDecoderPast(
      batch: self.batch, capacity: self.promptTokens + GenerativeBenchmark.run)
    let (rows, length) = (0..<self.batch, self.promptTokens)
    _ = try readPrompt()
    _ = try write(1)
    let feeds = past.inputs(
      rows.map { _ in [1] }, starts: rows.map { _ in length }, last: rows.map { _ in 0 })
    steps = try step.session.profile(feeds, state: past.state).steps
  }

  /// Whether the model is a decoder that writes text.
  public static func accepts(_ model: Model) -> Bool {
    guard model.checkpoint.graph == nil,
      let configuration = model.zooModel?.configuration as? any GenerativeConfiguration,
      !(configuration is any EncoderDecoderConfiguration)
    else { return false }
    return (try? configuration.buildStep()) != nil
  }

  /// Reads the prompt, writes, reads memory, and so on for so long; three times at least.
  public mutating func measure(seconds: Double) throws {
    let probe = past.session.makeMemoryProbe()
    _ = probe()
    let end = System.seconds + seconds
    while prefillSeconds.count < 3 || System.seconds < end {
      prefillSeconds.append(try readPrompt())
      stepSeconds += try write(GenerativeBenchmark.run)
      memoryBandwidths.append(probe())
    }
  }

  /// Seconds for the prompt.
  private func readPrompt() throws -> Double {
    let ids = (0..<batch).map { row in (0..<promptTokens).map { token(row, $0) } }
    let start = System.seconds
    _ = try past.read(ids, starts: ids.map { _ in 0 }, last: ids.map { $0.count - 1 })
    return System.seconds - start
  }

  /// Seconds for each of `count` tokens after the prompt.
  private func write(_ count: Int) throws -> [Double] {
    try (0..<count).map { index in
      let place = promptTokens + index
      let ids = (0..<batch).map { [token($0, place)] }
      let start = System.seconds
      _ = try past.read(ids, starts: ids.map { _ in place }, last: ids.map { _ in 0 })
      return System.seconds - start
    }
  }

  /// Any token: what is read does not change how long it takes.
  private func token(_ row: Int, _ place: Int) -> Int {
    (7919 * place + 104_729 * row) % vocabulary
  }
}
