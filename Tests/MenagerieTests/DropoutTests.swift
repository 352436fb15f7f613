import BinaryIO
import Formats
import JSON
import ModelGraph
import Operators
import Tensors
import TestSupport
import Testing
import Training
import Zoo

@testable import Menagerie

/// What models drop while they learn, and what they do not.
@Suite struct DropoutTests {
  static let data = (0..<40).map { row in
    (text: Letters.rows(40)[row].text, isSecond: row % 2 == 1)
  }

  private func data(in scratch: ScratchDirectory) throws -> String {
    let path = scratch.file("reviews.csv")
    let rows = Self.data.map { "\($0.text),\($0.isSecond ? "late" : "early")" }
    try Letters.write(path, "text,label\n" + rows.joined(separator: "\n") + "\n")
    return path
  }

  private func options(_ method: String = "full", dropout: Double? = nil) -> FineTuningOptions {
    var options = Letters.options(method, epochs: 2, rate: 0.003)
    options.dropout = dropout
    return options
  }

  private func places(_ tuner: FineTuner, _ options: FineTuningOptions) throws -> [DropoutPlace] {
    let graph = try tuner.task.model.graph()
    return try DropoutPlan(
      tuner.task.model, whole: graph, graph: graph, adapters: [], options
    ).places
  }

  @Test func ratesAreThoseOfTheModelsConfiguration() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert", in: scratch)
    let tuner = try FineTuner(model, data: data(in: scratch), options: options())
    let found = try places(tuner, options())
    var sites: Set<DropoutPlace.Site> = [
      .value("embeddings.LayerNorm"), .input(of: "classifier.out"),
    ]
    for layer in ["encoder.layer.0", "encoder.layer.1"] {
      sites.insert(.value("\(layer).attention.output.dense"))
      sites.insert(.value("\(layer).output.dense"))
      sites.insert(.shares(of: "\(layer).attention.self"))
    }
    #expect(Set(found.map(\.site)) == sites)
    #expect(found.allSatisfy { $0.rate == 0.1 })
    #expect(
      tuner.dropoutNotes == [
        "steps drop 0.1 (attention_probs_dropout_prob of its configuration)",
        "steps drop 0.1 (hidden_dropout_prob of its configuration)",
      ])
    let quiet = try FineTuner(model, data: data(in: scratch), options: options(dropout: 0))
    #expect(quiet.dropoutNotes == ["steps drop nothing"])
    let asked = try FineTuner(model, data: data(in: scratch), options: options(dropout: 0.3))
    #expect(asked.dropoutNotes == ["steps drop 0.3 (--dropout)"])
  }

  /// Every place that a family names is one of its graph, but for those that other heads have.
  @Test(
    arguments: [
      ("encoders/bert", []), ("encoders/bert-text", []), ("encoders/roberta", ["classifier.first"]),
      ("encoders/roberta-text", []), ("encoders/distilbert", []), ("encoders/distilbert-text", []),
      ("encoders/mpnet", ["classifier.first"]),
      ("encoders/electra-discriminator", ["classifier.first"]), ("encoders/electra-text", []),
      ("encoders/albert", []), ("encoders/albert-text", []), ("encoders/modernbert", []),
      ("encoders/modernbert-text", []), ("encoders/nomic", []), ("encoders/t5-encoder", []),
      ("encoders/t5-encoder-gated", []), ("decoders/gpt2", []), ("decoders/gpt2-text", []),
      ("decoders/llama", []), ("decoders/gemma3", []), ("decoders/qwen3", []), ("decoders/t5", []),
      ("decoders/t5-gated", []), ("architectures/huggingface-vit", []),
      ("architectures/huggingface-deit", []), ("architectures/huggingface-dinov2", []),
      ("architectures/huggingface-dinov2-registers", []), ("architectures/timm-vit", []),
      ("architectures/huggingface-mobilenetv2", []), ("architectures/torchvision-mobilenetv2", []),
      ("architectures/huggingface-resnet-bottleneck", []),
      ("architectures/torchvision-resnet-basic", []),
    ] as [(String, [String])])
  func everyPlaceIsInTheGraph(name: String, elsewhere: [String]) throws {
    let path = Fixtures.path(name)
    let files = System.names(in: path)
    let model = try Model(
      contentsOf: files.contains("config.json") ? path : "\(path)/model.pth")
    let graph = try model.graph()
    let zooModel = try #require(model.zooModel)
    let rules = zooModel.configuration.dropouts(in: zooModel.dialect)
    var (found, missing): (Int, [String]) = (0, [])
    for site in rules.flatMap(\.sites) {
      let place: (site: DropoutPlace.Site, name: String)
      switch site {
      case .value(let name): place = (.value(name), name)
      case .shares(let name): place = (.shares(of: name), name)
      case .head: continue
      }
      if graph.has(place.site) { found += 1 } else { missing.append(place.name) }
    }
    #expect(missing == elsewhere)
    #expect(found > 0)
  }

  /// As many as the library has, heads included.
  @Test(arguments: [
    ("encoders/bert", 8), ("encoders/roberta", 9), ("encoders/distilbert", 6),
    ("encoders/mpnet", 9), ("encoders/electra-discriminator", 9), ("encoders/albert", 6),
    ("encoders/modernbert", 14), ("decoders/gpt2", 7), ("decoders/llama", 6),
  ])
  func aClassifierDropsInSoManyPlaces(name: String, count: Int) throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model(name, in: scratch)
    let asked = options(dropout: 0.2)
    let tuner = try FineTuner(model, data: data(in: scratch), options: asked)
    let found = try places(tuner, asked)
    #expect(found.allSatisfy { $0.rate == 0.2 })
    #expect(found.count == count, "\(found.map(\.site))")
  }

  private func run(
    _ model: Model, _ data: String, _ options: FineTuningOptions, resumingIn folder: String? = nil,
    stoppingAfter stop: Int? = nil, steps count: inout Int
  ) throws -> [Float] {
    struct Stopped: Error {}
    var tuner = try FineTuner(model, data: data, options: options)
    count = 0
    do {
      try tuner.run(resumingIn: folder, every: 0) { _ in
        count += 1
        if count == stop { throw Stopped() }
      }
    } catch is Stopped { return [] }
    return try tuner.model().weights.flatMap { try $0.entry.load().floats }
  }

  private func run(
    _ model: Model, _ data: String, _ options: FineTuningOptions
  ) throws -> [Float] {
    var count = 0
    return try run(model, data, options, steps: &count)
  }

  @Test func aRunIsTheSameAgainWhereverItStopped() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert", in: scratch)
    let data = try data(in: scratch)
    var (steps, count) = (0, 0)
    let whole = try run(model, data, options(), steps: &steps)
    #expect(try run(model, data, options()) == whole)
    #expect(try run(model, data, options(dropout: 0)) != whole)
    var other = options()
    other.threads = 2
    #expect(try run(model, data, other) == whole)
    let folder = scratch.file("state")
    for stop in [3, 2] {
      let found = try run(
        model, data, options(), resumingIn: folder, stoppingAfter: stop, steps: &count)
      #expect(found.isEmpty)
    }
    let resumed = try run(model, data, options(), resumingIn: folder, steps: &count)
    #expect(resumed == whole)
    // The state is that before the step that was stopped: of two steps, then of one more
    #expect(count == steps - 3 && steps > 4)
  }

  /// Before anything is learnt, the model judges as one that drops nothing.
  @Test func validationDropsNothing() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert", in: scratch)
    let data = try data(in: scratch)
    let losses = try [nil, 0, 0.5].map {
      try FineTuner(model, data: data, options: options(dropout: $0)).evaluate()?.loss
    }
    #expect(losses[0] != nil && losses[0] == losses[1] && losses[1] == losses[2])
  }

  @Test func keptFeaturesHaveNothingDroppedInThem() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert-text", in: scratch)
    let data = scratch.file("three.csv")
    let classes = ["a", "b", "c"]
    let rows = (0..<30).map { "\(Self.data[$0].text),\(classes[$0 % 3])" }
    try Letters.write(data, "text,label\n" + rows.joined(separator: "\n") + "\n")
    let tuner = try FineTuner(model, data: data, options: options("head"))
    #expect(tuner.dropoutNotes.count == 1)
    let first = try run(model, data, options("head"))
    #expect(try run(model, data, options("head")) == first)
    #expect(try run(model, data, options("head", dropout: 0)) != first)
  }

  @Test func adaptersDropOnTheWayToTheirFirstMatrix() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert", in: scratch)
    let data = try data(in: scratch)
    var asked = options("lora", dropout: 0)
    asked.lowRank.dropout = 0.4
    var tuner = try FineTuner(model, data: data, options: asked)
    #expect(tuner.dropoutNotes == ["steps drop 0.4 (on the way to adapters)"])
    try tuner.run()
    let folder = scratch.file("adapter/")
    try tuner.writeAdapter(to: folder)
    // What it says counts for those who go on from it, unless they say otherwise
    var next = options("lora", dropout: 0)
    next.adapter = folder
    #expect(try FineTuner(model, data: data, options: next).dropoutNotes == tuner.dropoutNotes)
    next.adapterDropout = 0
    #expect(
      try FineTuner(model, data: data, options: next).dropoutNotes == ["steps drop nothing"])
  }

  /// The encoder alone drops also in what it gives.
  @Test func anEncoderThatGivesVectorsDropsInThem() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/t5-encoder", in: scratch)
    let data = scratch.file("pairs.csv")
    let lines = Self.data.prefix(8).map { "\($0.text),\($0.text)" }
    try Letters.write(
      data, "sentence1,sentence2\n" + lines.joined(separator: "\n") + "\n")
    let tuner = try FineTuner(model, data: data, options: options(dropout: nil))
    #expect(type(of: tuner.task) == EmbedTask.self)
    let found = try places(tuner, options())
    #expect(found.contains { $0.site == .value("last_hidden_state") && $0.rate == 0.1 })
    // It is there where a step runs: with nothing else dropped, the loss is another
    func loss(_ places: [DropoutPlace]) throws -> Double {
      let learning = try LearningModel(model)
      let session = try TrainingSession(
        graph: learning.graph, weights: learning.weights, parameters: learning.parameters,
        dropouts: places, objective: tuner.task.objective)
      let batch = try tuner.task.training.batch([0, 1, 2], epoch: 0)
      return try session.step(
        batch.inputs, targets: batch.targets, adds: false,
        key: DropoutKey(seed: 1, step: 0, samples: 3)
      ).loss
    }
    let end = DropoutPlace(.value("last_hidden_state"), rate: 0.5)
    #expect(try loss([]) != loss([end]))
  }

  @Test func aResidualNetworkPassesByItsLayers() throws {
    let model = try Model(contentsOf: Digits.torch)
    var options = FineTuningOptions()
    options.dropPath = 0.2
    let graph = try model.graph()
    let places = try DropoutPlan(
      model, whole: graph, graph: graph, adapters: [], options
    ).places
    #expect(places.count > 1 && places.allSatisfy { $0.unit == .sample && graph.has($0.site) })
    #expect(places.last?.rate == 0.2)
    // The first has 0, and is none
    #expect(zip(places, places.dropFirst()).allSatisfy { $0.rate < $1.rate })
  }

  @Test(arguments: ["head", "full"])
  func aFilesOwnDropoutComesToLife(method: String) throws {
    let model = try Model(contentsOf: Digits.torch)
    var graph = try model.graph()
    let last = try #require(graph.nodes.firstIndex { $0.operator is Gemm })
    let dropped = graph.addValue("own")
    let x = graph.nodes[last].inputs[0]
    graph.nodes[last].inputs[0] = dropped
    graph.nodes.insert(
      Node(name: "dropout", Dropout(ratio: 0.25), inputs: [x], outputs: [dropped]), at: last)
    var checkpoint = model.checkpoint
    checkpoint.graph = graph
    checkpoint.normalised = model.weights
    let own = try Model(checkpoint, path: "own", options: model.options)
    // What is before the last layer is computed beforehand
    let head = try ClassifierHead(of: graph)
    let learning = method == "head" ? Set(head.names) : Set(graph.parameters.map { graph[$0].name })
    let rest = graph.split(
      learning: Set(graph.parameters.filter { learning.contains(graph[$0].name) })
    ).rest
    let plan = try DropoutPlan(
      own, whole: graph, graph: rest, adapters: [], FineTuningOptions())
    #expect(plan.places == [DropoutPlace(.value("own"), rate: 0.25)])
    #expect(plan.notes == ["steps drop 0.25 (the graph's own Dropout)"])
  }

  @Test func aRateThatIsNoneIsRefused() throws {
    var options = FineTuningOptions()
    options.dropout = 1
    let error = #expect(throws: DataError.self) { try options.checked() }
    #expect(error?.description.contains("a dropout of 1.0") == true)
  }
}
