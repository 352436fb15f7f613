import BinaryIO
import ModelGraph
import Tensors
import Training

/// Learns which texts belong together, so that their vectors lie near each other.
public struct EmbedTask: LearningTask {
  public static let name = "embed"
  public static let summary =
    "a table of texts that belong together, perhaps with a score, for a model that gives vectors"
  public static let heeded: Set<DataOption> = [
    .textColumn, .pairColumn, .labelColumn, .maximumLength,
  ]

  public let model: Model
  /// None: vectors come from all layers.
  public let head: Set<String> = []
  public let isHeadNew = false
  public let isVarying = true
  public let objective: any Objective
  private let pairs: PairDataset
  private let sources: (training: TextSource, validation: TextSource)
  private let pooling: Pooling
  public let notes: [String]

  /// There is no last layer of its own that could learn alone.
  public static var usualMethod: String { FullMethod.name }

  public static func fits(_ model: Model, _ data: DataGlance) -> Bool {
    TextInput.isTaken(by: model) && (try? hiddenState(of: model)) != nil
      && data.texts?.holdsPairs == true && [nil, .number].contains(data.texts?.target)
  }

  private static func hiddenState(of model: Model) throws {
    let graph = try model.graph()
    let outputs = graph.outputs.map { graph[$0].name }
    guard outputs.first == "last_hidden_state" else {
      throw DataError(
        .unsupported, "gives \(outputs.joined(separator: ", "))",
        expected: "last_hidden_state, a vector for each token", path: model.path)
    }
  }

  public init(_ model: Model, data: String, options: FineTuningOptions) throws {
    try Self.hiddenState(of: model)
    guard options.method != HeadMethod.name else {
      throw DataError(
        .unsupported, "gives vectors without a last layer that could learn alone",
        path: model.path, remedy: "choose another --method: full, or lora, which needs less memory")
    }
    let input = try TextInput(model, maximum: options.texts.maximumLength)
    var asked = PairDataset.Options()
    asked.textColumn = options.texts.textColumn
    asked.pairColumn = options.texts.pairColumn
    asked.scoreColumn = options.texts.labelColumn
    asked.validationShare = options.validationShare
    asked.seed = options.seed
    asked.skipsBad = options.skipsBad
    let pairs = try PairDataset(data, asked)
    let said = try Pooling(companions: model.checkpoint)
    pooling = said ?? Pooling()
    var cut = 0
    let isScored = pairs.scoreColumn != nil
    func source(_ examples: [PairDataset.Example]) throws -> TextSource {
      let samples = try examples.map { example in
        try naming("\(example.path), line \(example.line)") {
          try example.texts.map { text in
            let (sequence, isCut) = try input.sequence(text)
            cut += isCut ? 1 : 0
            return sequence
          }
        }
      }
      let scores = examples.map { Float($0.score ?? 0) }
      return TextSource(
        samples, inputs: input.text.inputs, padding: input.padding, limit: input.limit
      ) { indices in
        isScored
          ? Tensor(shape: [indices.count], indices.map { scores[$0] })
          : Tensor(shape: [indices.count], indices.indices.map { Int64($0) })
      }
    }
    sources = (try source(pairs.training), try source(pairs.validation))
    objective = PooledObjective(
      pooling,
      isScored ? SimilarityObjective() : ContrastiveObjective(columns: pairs.columns.count))
    notes =
      pairs.evidence + [input.note(cut: cut)].compactMap(\.self)
      + (said == nil ? ["no file says how vectors of tokens become one: their mean is taken"] : [])
    self.model = model
    self.pairs = pairs
  }

  public var training: any TrainingSource { sources.training }
  public var validation: any TrainingSource { sources.validation }
  public func judge() -> any Judge {
    VectorJudge(pooling: pooling, columns: pairs.columns.count, isScored: pairs.scoreColumn != nil)
  }

  public var unit: String { "pairs" }
  public var signature: String {
    "\(pairs.training.count) of \(pairs.columns.joined(separator: ", "))"
  }
  public var skipped: [DataError] { pairs.skipped }
  public func exhibit(_ sample: Int) -> Exhibit? {
    guard pairs.validation.indices.contains(sample) else { return nil }
    return .text(pairs.validation[sample].texts.joined(separator: " | "))
  }
}

/// Judges vectors: whether a text's own answer is the nearest of its batch, or how cosines follow scores.
private struct VectorJudge: Judge {
  let pooling: Pooling
  let columns: Int
  let isScored: Bool
  private var hits = 0
  private var samples = 0
  private var numbers = NumberJudge()

  init(pooling: Pooling, columns: Int, isScored: Bool) {
    self.pooling = Pooling(pooling.modes, normalises: true)
    self.columns = columns
    self.isScored = isScored
  }

  mutating func add(_ output: Tensor, _ batch: TrainingBatch) {
    guard output.rank == 3, let mask = batch.inputs["attention_mask"]?.integers else { return }
    let (values, length, width) = (output.floats, output.shape[1], output.shape[2])
    let vectors = (0..<output.shape[0]).map { row in
      let count = mask[(row * length)..<((row + 1) * length)].reduce(0, +)
      return pooling(
        values[(row * length * width)..<((row + 1) * length * width)], count: count, width: width)
    }
    func cosine(_ a: Int, _ b: Int) -> Double {
      zip(vectors[a], vectors[b]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let count = batch.indices.count
    if isScored {
      numbers.add((0..<count).map { cosine($0, $0 + count) }, batch.targets.doubles)
      return
    }
    for row in 0..<count {
      let others = (count..<(columns * count)).map { cosine(row, $0) }
      let best = others.indices.max { others[$0] < others[$1] }
      hits += best == row ? 1 : 0
      samples += 1
    }
  }

  func metrics(loss: Double) -> [Metric] {
    if isScored { return numbers.metrics(loss: loss) }
    return [Metric("nearest", Double(hits) / Double(max(samples, 1)), isShare: true)]
  }
}
