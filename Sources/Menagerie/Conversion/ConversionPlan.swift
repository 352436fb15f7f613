import BinaryIO
import Converters
import Formats
import HuggingFaceConverter
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import Zoo

/// What a conversion will write, and where each tensor of it comes from.
struct ConversionPlan {
  /// What the writer is given.
  var checkpoint: Checkpoint
  /// Whose names it uses.
  var dialect: String?
  /// Set when tensors are cast on purpose.
  private(set) var castType: DataType?
  private let model: Model
  private let format: any ModelFormat
  /// How each tensor came from the source file, by its name in `checkpoint`.
  private var origins: OrderedDictionary<String, NormalisedTensor> = [:]
  private var dropped: [(name: String, note: String)] = []
  private var unmatched: [String] = []
  private var notes: [String] = []
  private var castNotes: [String: String] = [:]
  private var castNames: Set<String> = []
  /// What is done to tensors that stand for the source's weights; see `OptimizerRecord.translated`.
  private var translation: ([String: TensorEntry]) throws -> [NormalisedTensor]

  /// Whether the source can be run, so that the output can be compared by running it.
  var hasGraph: Bool { model.hasGraph && (checkpoint.graph != nil || model.recognition != nil) }

  /// Whether the output may lack some of the source's outputs, or have more: another library's network has other ends.
  var changesEnds: Bool {
    checkpoint.isWithoutGraph || model.recognition.map { $0.dialect.isKerasHub } ?? false
  }

  /// - Throws: `.unsupported` when the pair is impossible, with the reason.
  init(of model: Model, to format: any ModelFormat, options: ConversionOptions) throws {
    self.model = model
    self.format = format
    let source = model.checkpoint
    checkpoint = source
    checkpoint.graph = nil
    translation = { others in
      source.normalised.map { tensor in
        let name = tensor.entry.name
        return NormalisedTensor(others[name]?.renamed(name) ?? tensor.entry, sources: [name])
      }
    }
    let target = options.dialect ?? ConversionPlan.dialect(of: format, for: model)
    let keepsNames =
      target == nil && !format.holdsGraph && !ConversionPlan.losesCounters(source.format)
    if let map = options.nameMap {
      try rename(by: map)
    } else if options.isWeightsOnly || keepsNames || model.zooModel == nil && target == nil {
      try keepNames(weightsOnly: options.isWeightsOnly)
    } else if source.graph != nil, target == nil, format.holdsGraph {
      try keepNames(weightsOnly: false)
    } else {
      try translate(to: target)
    }
    for tensor in checkpoint.normalised { origins[tensor.entry.name] = tensor }
    checkpoint.sidecars[Checkpoint.descriptionName] = model.description
    notes += source.notes
    try translateOptimizer(options)
    if let error = source.graphError, !model.hasGraph {
      notes.append("the file's network cannot be built, so weights alone are written: \(error)")
    }
    let others = source.tensorsBesides
    if !others.isEmpty {
      notes.append("\(others.count) tensors that are no weights stay behind: \(Self.some(others))")
    }
  }

  private static func some(_ entries: [TensorEntry]) -> String {
    entries.prefix(3).map(\.name).joined(separator: ", ") + (entries.count > 3 ? ", …" : "")
  }

  /// What becomes of the state of an optimiser.
  private mutating func translateOptimizer(_ options: ConversionOptions) throws {
    checkpoint.optimizer = nil
    checkpoint.optimizerError = nil
    guard let record = model.checkpoint.optimizer else {
      if let error = model.checkpoint.optimizerError {
        notes.append("the state of an optimizer stays behind: \(error)")
      }
      return
    }
    let state = "the state of \(record.title)" + (record.steps.map { " at step \($0)" } ?? "")
    let obstacle =
      checkpoint.isWithoutGraph && format.holdsGraph
      ? "the library builds the network itself"
      : format.obstacle(toOptimizer: record)?.found
    guard obstacle == nil, options.keepsOptimizer else {
      notes.append("\(state) stays behind: \(obstacle ?? "--with-optimizer takes it along")")
      return
    }
    var (made, left) = try record.translated(translation)
    let names = checkpoint.normalised.map(\.entry.name)
    if format.identifier != model.checkpoint.format
      || names != model.checkpoint.normalised.map(\.entry.name)
    {
      // PyTorch numbers weights in the order in which they are written, which is not Keras's
      let places = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
      for index in made.groups.indices {
        made.groups[index].parameters.sort { places[$0, default: 0] < places[$1, default: 0] }
      }
    }
    checkpoint.optimizer = made
    notes.append("\(state) goes along, with \(made.memories.count) weights")
    if !left.isEmpty {
      notes.append(
        "what it remembers of \(left.count) weights stays behind: \(left.prefix(3).joined(separator: ", "))"
      )
    }
    notes += record.notes
  }

  /// Whose names a format's readers look for; nil for formats that take any.
  private static func dialect(of format: any ModelFormat, for model: Model) -> String? {
    switch format.identifier {
    case "huggingface": return Dialect.huggingFace.rawValue
    case "gguf":
      // llama.cpp has no such model: the file is a container like others
      guard let zooModel = model.zooModel, zooModel.dialect != .gguf,
        zooModel.configuration.nameMap(for: .gguf) != nil, zooModel.obstacle(to: .gguf) == nil
      else { return nil }
      return Dialect.gguf.rawValue
    default:
      guard isTextForKeras(model, format) else { return nil }
      // Only a plain .h5 has names; elsewhere Keras counts objects
      let isNamed = format.identifier == "keras-h5"
      return (isNamed ? Dialect.kerasHub : .kerasHubObjects).rawValue
    }
  }

  /// Whether Keras builds the network itself: text models are classes of KerasHub, and a file holds their weights.
  private static func isTextForKeras(_ model: Model, _ format: any ModelFormat) -> Bool {
    guard format.isChannelsLast, model.checkpoint.graph == nil, let zooModel = model.zooModel
    else { return false }
    return !zooModel.configuration.task.takesPictures
  }

  /// Formats without a place for `num_batches_tracked`: coming back from them, it is made anew.
  private static func losesCounters(_ format: String) -> Bool {
    ["keras", "keras-h5", "onnx"].contains(format)
  }

  /// The source's own names, and its own graph where the target can hold it.
  private mutating func keepNames(weightsOnly: Bool) throws {
    dialect = model.recognition?.dialect.rawValue
    guard format.holdsGraph, !weightsOnly else { return }
    checkpoint.graph = try model.graph()
  }

  /// The user's names.
  private mutating func rename(by map: NameMap) throws {
    let account = try map.apply(to: checkpoint.normalised)
    let whole = translation
    translation = { try map.apply(to: try whole($0)).tensors }
    checkpoint.normalised = account.tensors
    dropped += account.dropped.map { ($0, "left out by the rules that were given") }
    unmatched = account.unknown
    if format.holdsGraph {
      throw DataError(
        .unsupported, "rules of names give no graph, and \(format.title) needs one",
        remedy: "convert to a format of weights, or leave --map out")
    }
  }

  /// Through the zoo's canonical names to those of a dialect.
  private mutating func translate(to target: String?) throws {
    guard let zooModel = model.zooModel else {
      _ = try model.graph()
      throw DataError(
        .unsupported,
        "the model was not recognised, so its names cannot be translated to '\(target ?? "")'",
        remedy: "see 'menagerie zoo list', or give your own rules with --map")
    }
    checkpoint.isWithoutGraph = ConversionPlan.isTextForKeras(model, format)
    let expressed = try zooModel.expressed(
      in: try target.map(Dialect.init(checking:)) ?? zooModel.dialect,
      withGraph: format.holdsGraph && !checkpoint.isWithoutGraph)
    dialect = expressed.dialect.rawValue
    let model = model
    translation = {
      try zooModel.with(weights: try model.inGraph(of: zooModel, $0))
        .expressed(in: expressed.dialect, withGraph: false).tensors
    }
    checkpoint.normalised = expressed.tensors
    dropped += expressed.account.dropped.map { ($0, "\(expressed.dialect) has no place for it") }
    unmatched = expressed.account.unknown
    for (name, sidecar) in expressed.sidecars {
      // A configuration of the same kind that came with the weights says more
      if name == "config.json", let own = checkpoint.sidecars[name],
        let type = own["model_type"], type == sidecar["model_type"]
      {
        // Keys of sizes are made from it: what it leaves out as usual is said
        if format.identifier == "gguf", let members = own.object, let usual = sidecar.object {
          checkpoint.sidecars[name] = .object(members.merging(usual) { said, _ in said })
        }
        continue
      }
      if name == "params.json", checkpoint.sidecars[name] != nil { continue }
      checkpoint.sidecars[name] = sidecar
    }
    checkpoint.graph = expressed.graph
  }

  /// Tensors of real numbers become `type`; blocks are for matrices of whole blocks only.
  mutating func cast(to type: DataType) {
    castType = type
    cast { entry in
      let fits = !type.isBlockQuantised || entry.shape.rank > 1 && type.fits(entry.shape)
      return StorageChoice(entry.dataType.isReal && fits ? type : entry.dataType)
    }
  }

  /// Each tensor becomes what the format's readers want.
  mutating func cast(to choices: [StorageChoice], asked type: DataType?) {
    castType = type
    var remaining = choices[...]
    cast { entry in remaining.popFirst() ?? StorageChoice(entry.dataType) }
  }

  /// Tensors quantised in blocks become float32, which holds the same numbers.
  mutating func widenBlocks() {
    cast { StorageChoice($0.dataType.isBlockQuantised ? .float32 : $0.dataType) }
  }

  private mutating func cast(_ choose: (TensorEntry) -> StorageChoice) {
    checkpoint.normalised = checkpoint.normalised.map { tensor in
      let own = tensor.entry.dataType
      let choice = choose(tensor.entry)
      let type = choice.dataType
      if let note = choice.note { castNotes[tensor.entry.name] = note }
      guard own != type else { return tensor }
      let narrows = type.byteCount(of: 256) < own.byteCount(of: 256)
      let words = "\(own) to \(type)\(narrows ? ", rounded" : "")"
      castNotes[tensor.entry.name] = choice.note.map { "\(words): \($0)" } ?? words
      var cast = tensor
      cast.entry = tensor.entry.mapped(dataType: type, shape: tensor.entry.shape) {
        $0.cast(to: type)
      }
      cast.action = .cast
      castNames.insert(tensor.entry.name)
      return cast
    }
  }

  /// The report of what was written.
  func report(
    _ written: [WrittenTensor], source: String, output: String
  ) -> ConversionReport {
    let onDisk = Dictionary(
      model.checkpoint.tensors.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    var lines = written.map { one in
      let origin = origins[one.source]
      let sources = origin?.sources ?? []
      let action = ConversionPlan.combined(
        castNames.contains(one.source) ? .cast : origin?.action ?? .synthesised, one,
        isBack: sources.count == 1 && onDisk[sources[0]]?.shape == one.written?.shape)
      return ConversionReport.Line(
        sources: sources, target: one.target, action: action,
        note: one.note ?? castNotes[one.source]
          ?? (action == .synthesised ? "made from the rule's stand-in" : nil),
        sourceTensor: sources.count == 1 ? onDisk[sources[0]] : nil, targetTensor: one.written)
    }
    lines += dropped.map { name, note in
      ConversionReport.Line(
        sources: [name], target: nil, action: .dropped, note: note, sourceTensor: onDisk[name],
        targetTensor: nil)
    }
    return ConversionReport(
      source: source, output: output, format: format.identifier, dialect: dialect,
      recognised: model.recognition.map { "\($0.variant) (\($0.dialect))" }, lines: lines,
      unmatched: unmatched, verification: .init(status: .unchecked, reason: "not yet"),
      notes: notes + format.remarks(on: checkpoint))
  }

  /// What of the optimiser's state reads back otherwise than it was written; nil when all is well.
  ///
  /// Formats that remember all weights or none have zeros for those that did not learn.
  func optimizerFault(in back: Checkpoint, _ written: [WrittenTensor]) throws -> String? {
    guard let record = checkpoint.optimizer else { return nil }
    guard let other = back.optimizer else {
      return "the optimizer's state is not read back: \(back.optimizerError?.description ?? "none")"
    }
    // A weight may be called otherwise where it went
    let names = Dictionary(
      back.normalised.filter { $0.sources.count == 1 }.map { ($0.sources[0], $0.entry.name) },
      uniquingKeysWith: { first, _ in first })
    let places = Dictionary(
      written.map { ($0.source, $0.target) }, uniquingKeysWith: { first, _ in first })
    // A second name of a weight is in no group
    let known = Set(record.groups.flatMap(\.parameters))
    var rest = Dictionary(other.entries.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    for (name, memory) in record.memories where known.contains(name) {
      guard let place = places[name, default: name] else { continue }
      for (slot, entry) in memory.slots {
        guard let found = rest.removeValue(forKey: "\(names[place] ?? name).\(slot)") else {
          return "the optimizer's '\(name).\(slot)' is not read back"
        }
        let (one, other) = (try found.load(), try entry.load())
        guard one.isBitEqual(to: other) || ConversionPlan.differByRounding(one, other) else {
          return "the optimizer's '\(name).\(slot)' reads back differently"
        }
      }
    }
    let stray = try rest.first { try $0.value.load().doubles.contains { $0 != 0 } }
    return stray.map { "the optimizer remembers '\($0.key)', which nobody wrote" }
  }

  /// Whether two tensors are one but for the last bits: some libraries keep a slot times the learning rate.
  private static func differByRounding(_ one: Tensor, _ other: Tensor) -> Bool {
    guard one.shape == other.shape, one.dataType == .float32, other.dataType == .float32 else {
      return false
    }
    return zip(one.floats, other.floats).allSatisfy { a, b in
      a == b || abs(a - b) <= max(4 * max(abs(a), abs(b)).ulp, 1e-30)
    }
  }

  /// What happened on the way in and on the way out, in one word. Axes moved there and back again are where they were.
  private static func combined(
    _ first: TensorAction, _ written: WrittenTensor, isBack: Bool
  ) -> TensorAction {
    if written.target == nil { return .dropped }
    switch (first, written.action) {
    case (.exact, let second): return second
    case (let first, .exact): return first
    case (.permuted, .permuted): return isBack ? .exact : .permuted
    case (let first, _): return first
    }
  }

  /// Whether `path` is a directory that a conversion may replace: one with a model in it.
  static func isModelDirectory(_ path: String) -> Bool {
    let names = System.names(in: path)
    return HuggingFaceFormat.descriptions.contains(where: names.contains)
  }
}
