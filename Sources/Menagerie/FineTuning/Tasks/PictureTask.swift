import BinaryIO
import Images
import ModelGraph
import Tensors
import Training

/// Learns what pictures show: `<class>/<file>`, `<split>/<class>/<file>`, or a table of paths and labels, one each or several, or
/// numbers.
public struct PictureTask: HeadTask {
  public static let name = "pictures"
  public static let summary =
    "a folder of pictures for each class, or a table of paths and labels or numbers, for a model that takes one picture"
  public static let heeded: Set<DataOption> = [
    .pictureColumn, .labelColumn, .labelSeparator, .augment, .colour, .randAugment, .mixup, .cutMix,
    .labelSmoothing,
  ]
  public static let aliases = [ClassifyTask.name, RegressTask.name]

  public let model: Model
  public let head: Set<String>
  public let isHeadNew: Bool
  public let isVarying: Bool
  public let pictures: PictureFolder
  let problem: ProblemType
  private let sources: (training: PictureSource, validation: PictureSource)
  private let isPreprocessingGuessed: Bool

  public static func fits(_ model: Model, _ data: DataGlance) -> Bool {
    (try? input(of: model)) != nil
  }

  public init(_ model: Model, data: String, options: FineTuningOptions) throws {
    let pictures = try PictureFolder(
      data, columns: Self.columns(options), validationShare: options.validationShare,
      seed: options.seed,
      skipsBad: options.skipsBad
    ).numbered(like: model.labels ?? [])
    let input = try Self.input(of: model)
    try options.checkSmoothing(of: pictures.kind)
    let outputs = pictures.kind == .number ? RegressTask.labels : pictures.classes
    problem = ProblemType(pictures.kind)
    (self.model, isHeadNew) = try model.withClasses(outputs, problem, seed: options.seed)
    head = try Set(ClassifierHead(of: self.model.graph()).names)
    isPreprocessingGuessed = model.preprocessing == nil
    isVarying = options.pictures.isVarying
    func source(
      _ entries: [PictureFolder.Entry], _ chance: PictureOptions, smoothing: Double
    ) -> PictureSource {
      PictureSource(
        loader: PictureLoader(
          entries, input.preprocessing, augmentation: chance.augmentation,
          seed: options.seed,
          skipsBad: options.skipsBad),
        input: input, kind: pictures.kind, classes: outputs.count, labelSmoothing: smoothing,
        mixing: chance.mixing)
    }
    sources = (
      source(
        pictures.training, options.pictures, smoothing: options.labelSmoothing),
      source(pictures.validation, PictureOptions(), smoothing: 0)
    )
    self.pictures = pictures
  }

  /// What was said of a table. Whole numbers are classes, others are learnt as numbers, where the task does not say it.
  private static func columns(_ options: FineTuningOptions) -> PictureFolder.Columns {
    PictureFolder.Columns(
      path: options.pictures.pathColumn, target: options.texts.labelColumn,
      labelSeparator: options.texts.labelSeparator,
      kind: options.task == RegressTask.name ? .number : nil,
      classifies: options.task == ClassifyTask.name)
  }

  private static func input(of model: Model) throws -> PictureInput {
    let graph = try model.graph()
    guard graph.inputs.count == 1, let id = graph.inputs.first,
      let input = PictureInput(graph[id], preprocessing: model.preprocessing)
    else {
      throw DataError(
        .unsupported, "does not take one picture, so that it cannot learn from pictures",
        path: model.path)
    }
    return input
  }

  public var objective: any Objective { pictures.kind.objective }
  public var training: any TrainingSource { sources.training }
  public var validation: any TrainingSource { sources.validation }
  public func judge() -> any Judge { pictures.kind.judge(classes: pictures.classes.count) }

  public var unit: String { "pictures" }
  public var classes: [String] { pictures.classes }
  public var notes: [String] {
    pictures.evidence
      + (problem == .labels ? ["a picture may have several labels, or none"] : [])
      + (isPreprocessingGuessed
        ? ["nothing says how the model wants its pictures: they are scaled to 0…1"] : [])
  }
  public var signature: String {
    "\(pictures.training.count) pictures "
      + (problem == .number ? "with numbers" : "of \(pictures.classes.joined(separator: ", "))")
  }
  public var skipped: [DataError] {
    pictures.skipped + sources.training.loader.skipped + sources.validation.loader.skipped
  }
  public func exhibit(_ sample: Int) -> Exhibit? {
    guard pictures.validation.indices.contains(sample) else { return nil }
    return .picture(path: pictures.validation[sample].path)
  }
}

/// Pictures as a graph takes them, each with what it shows.
private struct PictureSource: TrainingSource {
  let loader: PictureLoader
  let input: PictureInput
  let kind: TextDataset.Kind
  let classes: Int
  let labelSmoothing: Double
  let mixing: BatchMixing?

  var count: Int { loader.entries.count }

  func batch(_ indices: [Int], epoch: Int) throws -> TrainingBatch {
    let batch = try loader.batch(indices, epoch: epoch)
    guard !batch.indices.isEmpty else { return .empty }
    var pictures = input.adapted(batch.pictures)
    var targets = kind.tensor(of: batch.targets, classes: classes, smoothing: labelSmoothing)
    if let mixing {
      var random = RandomNumbers(seed: loader.seed, Self.purpose, epoch, batch.indices[0])
      (pictures, targets) = mixing.applied(
        to: pictures, targets: targets, isChannelsLast: input.preprocessing.isChannelsLast,
        &random)
    }
    return TrainingBatch(
      inputs: [input.name: pictures], targets: targets, indices: batch.indices,
      labels: batch.targets.compactMap(\.label))
  }

  /// So that these numbers and other draws from one seed have nothing in common.
  private static let purpose = 0x6D69_7865
}
