import BinaryIO
import Training

/// A setting that says where things are in the data, or how samples change by chance. Each task heeds some of them.
///
/// Raw values are the names on the command line.
public enum DataOption: String, Sendable, CaseIterable {
  case pictureColumn = "picture-column"
  case textColumn = "text-column"
  case pairColumn = "pair-column"
  case labelColumn = "label-column"
  case labelSeparator = "label-separator"
  case promptColumn = "prompt-column"
  case answerColumn = "answer-column"
  case chatColumn = "chat-column"
  case maximumLength = "max-length"
  case augment
  case colour = "color"
  case randAugment = "rand-augment"
  case mixup
  case cutMix = "cutmix"
  case labelSmoothing = "label-smoothing"

  /// What the options say of it, as on the command line; empty for a switch that is on.
  func value(in options: FineTuningOptions) -> String? {
    let (texts, pictures) = (options.texts, options.pictures)
    return switch self {
    case .pictureColumn: pictures.pathColumn
    case .textColumn: texts.textColumn
    case .pairColumn: texts.pairColumn
    case .labelColumn: texts.labelColumn
    case .labelSeparator: texts.labelSeparator.map { "\($0)" }
    case .promptColumn: texts.promptColumn
    case .answerColumn: texts.answerColumn
    case .chatColumn: texts.conversationColumn
    case .maximumLength: texts.maximumLength.map { "\($0)" }
    case .augment: pictures.isAugmented ? "" : nil
    case .colour: pictures.colour.map { "\($0)" }
    case .randAugment: pictures.randAugment.map { "\($0)" }
    case .mixup: "\(pictures.mixupAlpha)"
    case .cutMix: "\(pictures.cutMixAlpha)"
    case .labelSmoothing: "\(options.labelSmoothing)"
    }
  }
}

extension FineTuningOptions {
  /// - Throws: `.mismatch` for a setting that the task would pass over.
  func checkHeeded(by task: any LearningTask.Type) throws {
    guard let idle = DataOption.allCases.first(where: { isGiven($0) && !task.heeded.contains($0) })
    else { return }
    let others = DataOption.allCases.filter(task.heeded.contains).map { "--\($0.rawValue)" }
    throw DataError(
      .mismatch, "--\(idle.rawValue) changes nothing in the task '\(task.name)'",
      expected: others.joined(separator: ", "),
      remedy: "leave it out, or say with --task what is to be learnt")
  }

  /// - Throws: `.mismatch` where labels are to be smoothed that do not share one among them.
  func checkSmoothing(of kind: TextDataset.Kind) throws {
    switch kind {
    case .label: break
    case .labels: try refuseSmoothing(where: "several labels may be learnt")
    case .number: try refuseSmoothing(where: "numbers are learnt")
    }
  }

  /// - Throws: `.mismatch` where labels are to be smoothed, and this is so.
  func refuseSmoothing(where reason: String) throws {
    guard labelSmoothing > 0 else { return }
    throw DataError(
      .mismatch, "--label-smoothing, and \(reason)", expected: "one label a sample",
      remedy: "leave it out")
  }

  private func isGiven(_ option: DataOption) -> Bool {
    option.value(in: self) != option.value(in: FineTuningOptions())
  }
}
