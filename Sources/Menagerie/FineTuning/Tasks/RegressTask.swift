import BinaryIO
import Training

/// Learns a number of each text.
public struct RegressTask: HeadTask {
  public static let name = "regress"
  public static let summary = "a table of texts and numbers, for a model that reads texts"
  public static let heeded: Set<DataOption> = [
    .textColumn, .pairColumn, .labelColumn, .maximumLength,
  ]

  public let model: Model
  public let head: Set<String>
  public let isHeadNew: Bool
  public let isVarying: Bool
  let problem = ProblemType.number
  private let texts: LabelledTexts
  /// What its one output is called.
  static let labels = ["number"]

  public static func fits(_ model: Model, _ data: DataGlance) -> Bool {
    TextInput.isTaken(by: model) && data.texts?.target == .number
  }

  public init(_ model: Model, data: String, options: FineTuningOptions) throws {
    texts = try LabelledTexts(model, data: data, options: options, isMeasured: true)
    (self.model, head, isHeadNew) = try model.classifyingTexts(
      Self.labels, problem, padding: model.fillingID(), seed: options.seed)
    isVarying = options.methodName != HeadMethod.name
  }

  public var objective: any Objective { texts.dataset.kind.objective }
  public var training: any TrainingSource { texts.training }
  public var validation: any TrainingSource { texts.validation }
  public func judge() -> any Judge { texts.dataset.kind.judge(classes: 0) }

  public var unit: String { "texts" }
  public var notes: [String] { texts.notes }
  public var signature: String { texts.signature }
  public var skipped: [DataError] { texts.dataset.skipped }
  public func exhibit(_ sample: Int) -> Exhibit? { texts.exhibit(sample) }
}
