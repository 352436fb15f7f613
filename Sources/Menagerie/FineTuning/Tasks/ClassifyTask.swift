import BinaryIO
import Training

/// Learns the classes of texts: a table of texts and labels, one each or several.
public struct ClassifyTask: HeadTask {
  public static let name = "classify"
  public static let summary = "a table of texts and labels, for a model that reads texts"
  public static let heeded: Set<DataOption> = [
    .textColumn, .pairColumn, .labelColumn, .labelSeparator, .maximumLength, .labelSmoothing,
  ]

  public let model: Model
  public let head: Set<String>
  public let isHeadNew: Bool
  public let isVarying: Bool
  let problem: ProblemType
  private let texts: LabelledTexts

  public static func fits(_ model: Model, _ data: DataGlance) -> Bool {
    TextInput.isTaken(by: model) && [.label, .labels].contains(data.texts?.target)
  }

  public init(_ model: Model, data: String, options: FineTuningOptions) throws {
    texts = try LabelledTexts(model, data: data, options: options, isMeasured: false)
    problem = ProblemType(texts.dataset.kind)
    (self.model, head, isHeadNew) = try model.classifyingTexts(
      texts.classes, problem, padding: model.fillingID(), seed: options.seed)
    // Texts of a batch are as long as its longest: only what no longer knows lengths can be kept
    isVarying = options.methodName != HeadMethod.name
  }

  public var objective: any Objective { texts.dataset.kind.objective }
  public var training: any TrainingSource { texts.training }
  public var validation: any TrainingSource { texts.validation }
  public func judge() -> any Judge { texts.dataset.kind.judge(classes: classes.count) }

  public var unit: String { "texts" }
  public var classes: [String] { texts.classes }
  public var notes: [String] {
    texts.notes + (problem == .labels ? ["a text may have several labels, or none"] : [])
  }
  public var signature: String { texts.signature }
  public var skipped: [DataError] { texts.dataset.skipped }
  public func exhibit(_ sample: Int) -> Exhibit? { texts.exhibit(sample) }
}
