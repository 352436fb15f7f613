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
    guard labelSmoothing > 0, kind != .label else { return }
    throw DataError(
      .mismatch,
      "--label-smoothing, and \(kind == .number ? "numbers are" : "several labels may be") learnt",
      expected: "one label a sample", remedy: "leave it out")
  }

  private func isGiven(_ option: DataOption) -> Bool {
    switch option {
    case .pictureColumn: pictures.pathColumn != nil
    case .textColumn: texts.textColumn != nil
    case .pairColumn: texts.pairColumn != nil
    case .labelColumn: texts.labelColumn != nil
    case .labelSeparator: texts.labelSeparator != nil
    case .promptColumn: texts.promptColumn != nil
    case .answerColumn: texts.answerColumn != nil
    case .chatColumn: texts.conversationColumn != nil
    case .maximumLength: texts.maximumLength != nil
    case .augment: pictures.isAugmented
    case .colour: pictures.colour != nil
    case .randAugment: pictures.randAugment != nil
    case .mixup: pictures.mixupAlpha != 0
    case .cutMix: pictures.cutMixAlpha != 0
    case .labelSmoothing: labelSmoothing != 0
    }
  }
}
